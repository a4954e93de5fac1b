import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

const PART_BYTES = 8 * 1024 * 1024;
const PARTS = 32;

/** MiB per second that `folder` takes in parts of 8 MiB, each of them on stable storage before the next. */
export async function diskSpeed(folder: string): Promise<number> {
  const path = join(folder, 'disk-speed');
  const part = Buffer.alloc(PART_BYTES, 7);
  const file = await open(path, 'w');
  const startedAt = performance.now();
  for (let n = 0; n < PARTS; n++) {
    await file.write(part);
    await file.datasync();
  }
  const seconds = (performance.now() - startedAt) / 1000;
  await file.close();
  await rm(path);
  return (PARTS * PART_BYTES) / 1024 / 1024 / seconds;
}
