import { effect } from '@preact/signals';
import { language } from '../i18n.ts';

/** By then the browser has read the manifest that the document came with, in ms after its load. */
const READ_MS = 3000;

/** Keeps the manifest in the language shown: what is installed speaks it. Its `id` is the same in all of them. */
export function watchManifest(): void {
  effect(() => link(language.value));
  // Chromium 156 takes the answer of a manifest that it was still reading for that of the link as it is now. A link
  // that is put in anew, once that is over, is read again.
  const again = () => setTimeout(() => link(language.peek()), READ_MS);
  if (document.readyState === 'complete') again();
  else addEventListener('load', again, { once: true });
}

function link(tag: string): void {
  const next = document.createElement('link');
  next.rel = 'manifest';
  next.href = `/manifest.${tag}.webmanifest`;
  document.querySelector('link[rel="manifest"]')?.remove();
  document.head.append(next);
}
