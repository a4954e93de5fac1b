import { bytesOfParts } from '../shared/parts.ts';
import type { ElsewhereView } from '../shared/protocol.ts';
import { adoptUpload } from '../shared/reselect.ts';
import type { Upload } from '../shared/upload.ts';
import type { Engine } from './engine.ts';

/** Unfinished uploads of this account that this device does not know, as it would have them; none while offline. */
export async function elsewhere(engine: Engine): Promise<{ upload: Upload; device: string }[]> {
  const account = engine.list.accountId();
  if (account === null) return [];
  const now = Date.now();
  const sessions = (await engine.openSessions()) ?? [];
  return sessions.flatMap(({ id: session, device, files }) =>
    files
      .filter(({ id, state }) => state === 'open' && !engine.list.entry(id))
      .map((file) => ({ upload: adoptUpload(account, session, file, now), device })),
  );
}

/** The same as a page shows it. */
export async function viewElsewhere(engine: Engine): Promise<ElsewhereView[]> {
  return (await elsewhere(engine)).map(({ upload, device }) => {
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
