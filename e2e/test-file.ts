import { createCipheriv, createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

const CHUNK_BYTES = 1024 * 1024;

/** A file on disk and what is in it. */
export interface TestFile {
  path: string;
  bytes: number;
  /** SHA-256 in hex. */
  sha256: string;
}

/**
 * Writes a file that looks random, compresses to nothing less, and is the same for the same seed. Any size: no more
 * than a MiB of it is in memory.
 */
export async function makeFile(path: string, bytes: number, seed = 1): Promise<TestFile> {
  await mkdir(dirname(path), { recursive: true });
  const key = createHash('sha256').update(`seed ${seed}`).digest();
  // A cipher over zeros makes a GiB per second; nothing here is secret.
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const hash = createHash('sha256');
  const zeros = Buffer.alloc(CHUNK_BYTES);
  const file = await open(path, 'w');
  try {
    for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
      const chunk = stream.update(left < CHUNK_BYTES ? zeros.subarray(0, left) : zeros);
      hash.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  return { path, bytes, sha256: hash.digest('hex') };
}
