import type { Calls, PickedFile } from '../shared/protocol.ts';
import {
  goingOn,
  isSameByName,
  type Refusal,
  rankCandidates,
  reasonOf,
  sentParts,
} from '../shared/reselect.ts';
import { spanOf, type Upload } from '../shared/upload.ts';
import { elsewhere } from './elsewhere.ts';
import type { Engine } from './engine.ts';
import { readTrouble, sha256 } from './part-bytes.ts';

type Reply = Calls['uploads.select']['reply'];

/**
 * Gives each file to the waiting upload it belongs to, after a look at its bytes, and says why the others fit none.
 * Uploads that another device has begun count as waiting; one that is matched becomes this device's.
 */
export async function reselect(engine: Engine, files: readonly PickedFile[]): Promise<Reply> {
  const matched: Reply['matched'] = [];
  const refused: Reply['refused'] = [];
  const foreign = ((await elsewhere(engine)) ?? []).map(({ upload }) => upload);
  for (const { id: picked, file, handle } of files) {
    const waiting = [...engine.list.mine().map(({ upload }) => upload), ...foreign];
    const outOfReach = new Set(engine.list.wants());
    const open = rankCandidates(waiting, file, outOfReach).filter(
      ({ id }) => !matched.some((match) => match.id === id),
    );
    const found = await firstThatFits(engine, open, file);
    if ('code' in found) {
      refused.push({ picked, name: file.name, ...found });
      continue;
    }
    if (!engine.list.entry(found.id)) await engine.list.add([found], []);
    await engine.list.replaceFile(found.id, file, handle);
    await engine.list.applyAll([found.id], { type: goingOn(found) });
    matched.push({ id: found.id, picked });
  }
  return { matched, refused };
}

async function firstThatFits(engine: Engine, candidates: Upload[], file: File): Promise<Upload | Refusal> {
  const refusals: Refusal[] = [];
  for (const upload of candidates) {
    const refusal = await compare(engine, upload, file);
    if (refusal === null) return upload;
    refusals.push(refusal);
  }
  return reasonOf(refusals);
}

/** Compares with what was already sent, before one byte goes out. Null when it is the same file. */
async function compare(engine: Engine, upload: Upload, file: File): Promise<Refusal | null> {
  const digests = await engine.digestsOf(upload);
  if (digests === null) return { code: 'UNREACHABLE' };
  const sent = sentParts(upload, digests);
  if (sent.length === 0) return isSameByName(upload, file) ? null : { code: 'OTHER_FILE' };
  try {
    const read = (part: number) => {
      const { start, length } = spanOf(upload, part);
      return file.slice(start, start + length).arrayBuffer();
    };
    // The next part is read while this one is hashed.
    let next = read(sent[0]?.[0] ?? 0);
    for (const [n, [part, digest]] of sent.entries()) {
      const bytes = await next;
      const following = sent[n + 1];
      if (following) next = read(following[0]);
      if ((await sha256(bytes)) !== digest) {
        void next.catch(() => undefined);
        return { code: 'OTHER_CONTENT', fromPart: part + 1 };
      }
    }
    return null;
  } catch (cause) {
    return { code: readTrouble(cause) === 'changed' ? 'FILE_CHANGED' : 'FILE_UNREADABLE' };
  }
}
