import { signal } from '@preact/signals';
import type { SignInMethods } from '../../shared/api.ts';
import { readMethods } from '../api.ts';

/** The ways to sign in here, once the server has said so; email is always one. */
export const methods = signal<SignInMethods>({ email: true, passkey: false, sso: null });

/** Asks for them, and returns whether there was an answer. Without one the last stands. */
export async function pullMethods(): Promise<boolean> {
  const answer = await readMethods();
  if (answer.ok) methods.value = answer.value;
  return answer.ok;
}
