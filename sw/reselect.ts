import type { ErrorCode } from '../shared/errors.ts';
import type { PickedFile } from '../shared/protocol.ts';
import { inRanges } from '../shared/ranges.ts';
import { rankCandidates } from '../shared/reselect.ts';
import { spanOf, type Upload } from '../shared/upload.ts';
import type { Engine } from './engine.ts';
import { sha256 } from './part-bytes.ts';

/** Gives each file to the waiting upload it belongs to, after a look at its bytes; says which fit none. */
export async function reselect(
  engine: Engine,
  files: readonly PickedFile[],
): Promise<{ matched: string[]; refused: { name: string; code: ErrorCode }[] }> {
  const matched: string[] = [];
  const refused: { name: string; code: ErrorCode }[] = [];
  for (const { file, handle } of files) {
    const candidates = rankCandidates(engine.uploads(), file).filter(({ id }) => !matched.includes(id));
    const match = await firstThatFits(engine, candidates, file).catch(() => 'unreadable' as const);
    if (match === 'unreadable') {
      refused.push({ name: file.name, code: 'FILE_UNREADABLE' });
    } else if (match) {
      await engine.giveFile(match.id, file, handle);
      if (match.life.at === 'failed' || match.life.at === 'cancelled')
        await engine.apply(match.id, { type: 'retry' });
      matched.push(match.id);
    } else {
      refused.push({ name: file.name, code: 'DIFFERENT_FILE' });
    }
  }
  return { matched, refused };
}

async function firstThatFits(engine: Engine, candidates: Upload[], file: File): Promise<Upload | null> {
  for (const upload of candidates) if (await isSameFile(engine, upload, file)) return upload;
  return null;
}

/** Compares with what was already sent, before one byte goes out; with nothing sent, name and date must agree. */
async function isSameFile(engine: Engine, upload: Upload, file: File): Promise<boolean> {
  const sent = [...(await engine.digestsOf(upload.id))].filter(([part]) => {
    return inRanges(upload.acknowledged, part) || (upload.received[part] ?? 0) > 0;
  });
  if (sent.length === 0) return file.name === upload.name && file.lastModified === upload.lastModified;
  for (const [part, digest] of sent) {
    const { start, length } = spanOf(upload, part);
    const bytes = await file.slice(start, start + length).arrayBuffer();
    if ((await sha256(bytes)) !== digest) return false;
  }
  return true;
}
