import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { poll } from './poll.ts';

/** SHA-256 (hex) of what a browser is downloading to `path`, once all its bytes are there. */
export async function downloadedSha256(path: string, bytes: number): Promise<string> {
  const content = await poll(`the download of ${path}`, 20_000, async () => {
    const content = await readFile(path).catch(() => null);
    return content?.length === bytes ? content : undefined;
  });
  return sha256Of(content);
}

/** SHA-256 (hex) of the members of the ZIP that a browser is downloading into `folder`, by their names in it. */
export async function downloadedMembers(folder: string): Promise<Record<string, string>> {
  const members = await poll(`a download into ${folder}`, 20_000, async () => {
    const [name] = (await readdir(folder).catch(() => [])).filter((each) => each.endsWith('.zip'));
    if (name === undefined) return undefined;
    const zip = await readFile(join(folder, name));
    try {
      return unzipSync(zip);
    } catch {
      return undefined; // not all of it is there yet
    }
  });
  const digests = Object.entries(members).map(([name, bytes]) => [name, sha256Of(bytes)]);
  return Object.fromEntries(digests);
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
