import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The server's secret: `configured`, or the one in `folder`, which is made at the first start and read only by us. */
export async function loadSecret(configured: string | null, folder: string): Promise<string> {
  if (configured) return configured;
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'secret');
  const fresh = randomBytes(32).toString('base64url');
  try {
    await writeFile(path, fresh, { mode: 0o600, flag: 'wx' });
    return fresh;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      return (await readFile(path, 'utf8')).trim();
    throw error;
  }
}

/** HMAC-SHA-256 of `message` by `secret`, in `encoding`. */
export function sign(secret: string, message: string, encoding: 'base64' | 'base64url'): string {
  return createHmac('sha256', secret).update(message).digest(encoding);
}

/** Whether two strings are the same, in a time that does not tell where they differ. */
export function isSame(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
