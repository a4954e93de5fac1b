import { expect, test } from 'vitest';
import type { SessionFile, UploadSession } from '../shared/api.ts';
import { elsewhere, viewElsewhere } from './elsewhere.ts';
import type { Engine } from './engine.ts';

const file: SessionFile = {
  id: 'f1',
  path: 'films',
  name: 'film.bin',
  size: 25,
  type: 'video/mp4',
  lastModified: 7,
  state: 'open',
  partBytes: 10,
  acknowledged: [
    [0, 0],
    [2, 2],
  ],
  offsets: { 1: 4 },
};

function session(files: SessionFile[], id = 's1', device = 'Phone'): UploadSession {
  return { id, device, createdAt: 1, issuedAt: 2, sessionTtlMinutes: 30, now: 3, files };
}

/** An engine that knows these ids, of a server with these sessions. */
function engineOf(sessions: UploadSession[] | null, account: string | null = 'a1', known: string[] = []) {
  let asked = 0;
  const engine = {
    list: { accountId: () => account, entry: (id: string) => (known.includes(id) ? {} : null) },
    openSessions: async () => {
      asked++;
      return sessions;
    },
  };
  return { engine: engine as unknown as Engine, asked: () => asked };
}

test('an upload of another device is shown with what the server has of it', async () => {
  const { engine } = engineOf([session([file])]);
  expect(await viewElsewhere(engine)).toEqual([
    {
      id: 'f1',
      session: 's1',
      device: 'Phone',
      path: 'films',
      name: 'film.bin',
      size: 25,
      acknowledgedBytes: 15,
    },
  ]);
});

test('as this device would have it, it waits for its file and has what was received', async () => {
  const [found] = (await elsewhere(engineOf([session([file])]).engine)) ?? [];
  expect(found?.upload).toMatchObject({
    account: 'a1',
    session: 's1',
    acknowledged: file.acknowledged,
    received: { 1: 4 },
    shownBytes: 19,
    life: { at: 'needs-file', why: 'restarted' },
  });
});

test('only what is unfinished, and unknown here, is elsewhere', async () => {
  const files: SessionFile[] = [
    { ...file, id: 'stored', state: 'stored' },
    { ...file, id: 'cancelled', state: 'cancelled' },
    { ...file, id: 'mine' },
    { ...file, id: 'theirs' },
  ];
  const { engine } = engineOf([session(files), session([{ ...file, id: 'more' }], 's2')], 'a1', ['mine']);
  expect((await viewElsewhere(engine)).map(({ id }) => id)).toEqual(['theirs', 'more']);
});

test('while the server is out of reach nobody is told that there is nothing', async () => {
  await expect(viewElsewhere(engineOf(null).engine)).rejects.toMatchObject({ code: 'UNREACHABLE' });
});

test('while nobody is signed in nobody is asked', async () => {
  const { engine, asked } = engineOf([session([file])], null);
  expect([await viewElsewhere(engine), asked()]).toEqual([[], 0]);
});
