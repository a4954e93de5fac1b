import { randomBytes, scrypt } from 'node:crypto';
import { isSame } from './secret.ts';

/** OWASP's smallest recommended cost that stays below 16 MiB, which is taken for each hash at work. */
const COST = { N: 2 ** 14, r: 8, p: 5 };
const HASH_BYTES = 32;
const SALT_BYTES = 16;

/** A hash of `password` to be stored: `scrypt$salt$hash`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES).toString('base64url');
  return `scrypt$${salt}$${await derive(password, salt)}`;
}

/** Whether `password` is the one that `stored` was made of. */
export async function isPassword(password: string, stored: string): Promise<boolean> {
  const [, salt = '', hash = ''] = stored.split('$');
  return isSame(await derive(password, salt), hash);
}

function derive(password: string, salt: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // One password has one spelling, on whatever keyboard.
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, COST, (error, key) => {
      if (error) reject(error);
      else resolve(key.toString('base64url'));
    });
  });
}
