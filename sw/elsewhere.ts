import { HoldfastError } from '../shared/errors.ts';
import { bytesOfParts } from '../shared/parts.ts';
import type { ElsewhereView } from '../shared/protocol.ts';
import { adoptUpload } from '../shared/reselect.ts';
import type { Upload } from '../shared/upload.ts';
import type { Engine } from './engine.ts';

/** Unfinished uploads of this account that this device does not know, as it would have them; null while nobody answers. */
export async function elsewhere(engine: Engine): Promise<{ upload: Upload; device: string }[] | null> {
  const account = engine.list.accountId();
  if (account === null) return [];
  const now = Date.now();
  const sessions = await engine.openSessions();
  if (!sessions) return null;
  return sessions.flatMap(({ id: session, device, files }) =>
    files
      .filter(({ id, state }) => state === 'open' && !engine.list.entry(id))
      .map((file) => ({ upload: adoptUpload(account, session, file, now), device })),
  );
}

/** The same as a page shows it. @throws `UNREACHABLE` while nobody answers. */
export async function viewElsewhere(engine: Engine): Promise<ElsewhereView[]> {
  const found = await elsewhere(engine);
  if (!found) throw new HoldfastError('UNREACHABLE', 'Nobody says what is under way elsewhere');
  return found.map(({ upload, device }) => {
    const { id, session, path, name, size, partBytes, acknowledged } = upload;
    return {
      id,
      session,
      device,
      path,
      name,
      size,
      acknowledgedBytes: bytesOfParts(size, partBytes, acknowledged),
    };
  });
}
