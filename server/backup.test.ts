import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import {
  accountFor,
  openUpload,
  partPath,
  putPart,
  signIn,
  startTestServer,
  storeFile,
  testFile,
} from './testing.ts';

/** Copies a server's data while it runs, as the README says. */
async function backUp(dataDir: string, folder: string): Promise<void> {
  const db = new DatabaseSync(join(dataDir, 'holdfast.sqlite'));
  db.exec(`VACUUM INTO '${join(folder, 'holdfast.sqlite')}'`);
  db.close();
  for (const name of ['uploads', 'files', 'secret']) {
    await cp(join(dataDir, name), join(folder, name), { recursive: true });
  }
}

test('what was copied from a running server is a whole server: files, sign-ins, links, and uploads under way', async () => {
  const server = await startTestServer();
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-backup-'));
  try {
    const me = await signIn(server);
    const file = await storeFile(me, 1000, { name: 'whole' });
    const share = { of: { files: [file.id] }, expiresAt: null, password: null, maxDownloads: null };
    const { token } = await (await me.request('POST', '/api/shares', share)).json();
    const half = testFile(8 * 1024 * 1024 + 10, { name: 'half' });
    const sid = await openUpload(me, [half]);
    const first = half.bytes.subarray(0, 8 * 1024 * 1024);
    expect((await putPart(me, partPath(sid, half.announced.id, 0), first)).status).toBe(204);
    await server.services.sessions.flush();
    await backUp(server.dataDir, folder);

    const copy = await startTestServer({}, folder);
    const again = await accountFor(copy, me.email, me.cookie);
    const content = await again.request('GET', `/api/files/${file.id}/content`);
    expect((await content.arrayBuffer()).byteLength).toBe(1000);
    expect((await fetch(`${copy.url}/api/shared/${token}`)).status).toBe(200);
    const rest = half.bytes.subarray(8 * 1024 * 1024);
    expect((await putPart(again, partPath(sid, half.announced.id, 1), rest)).status).toBe(201);
    const got = await again.request('GET', `/api/files/${half.announced.id}/content`);
    expect(Buffer.from(await got.arrayBuffer()).equals(half.bytes)).toBe(true);
    await copy.stop();
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
}, 30_000);
