import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { poll } from './poll.ts';

/** SHA-256 (hex) of what a browser is downloading to `path`, once all its bytes are there. */
export async function downloadedSha256(path: string, bytes: number): Promise<string> {
  const content = await poll(`the download of ${path}`, 20_000, async () => {
    const content = await readFile(path).catch(() => null);
    return content?.length === bytes ? content : undefined;
  });
  return createHash('sha256').update(content).digest('hex');
}
