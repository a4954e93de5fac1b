import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import type { UploadSession } from '../shared/api.ts';
import type { InboxFile, LogEntry, PickedFile } from '../shared/protocol.ts';
import { type Life, newUpload, type Upload } from '../shared/upload.ts';
import type { Account } from './account.ts';
import { answerCall, type Desk } from './calls.ts';
import type { Device } from './device.ts';
import type { Engine } from './engine.ts';
import type { Inbox } from './inbox.ts';
import type { Log } from './log.ts';
import type { NewsDesk } from './news.ts';
import type { Store } from './store.ts';
import { Turns } from './turns.ts';

type At = 'unknown' | 'signed-in' | 'expired' | 'signed-out';

/** A desk whose engine writes down what it is told; `open` is the session it has room in. */
function desk({
  at = 'signed-in',
  open = null,
  uploads = [],
  elsewhere = null,
  handles = {},
  shared = [],
}: {
  at?: At;
  shared?: InboxFile[];
  open?: string | null;
  uploads?: Upload[];
  elsewhere?: UploadSession[] | null;
  handles?: Record<string, FileSystemFileHandle>;
}) {
  const done: unknown[] = [];
  const added: { uploads: readonly Upload[]; files: readonly PickedFile[] }[] = [];
  let now = at;
  const state = () => ({
    at: now,
    epoch: 3,
    ...(now === 'signed-in' && { account: { id: 'a1', email: 'a@b.test' } }),
  });
  const account = {
    state: async () => state(),
    get current() {
      return state();
    },
    view: { epoch: 3, state: 'signed-in', account: null },
    ask: async () => {
      done.push('ask');
      now = 'signed-in';
    },
    known: async () => {
      if (now === 'unknown') await account.ask();
      return state();
    },
    check: async () => void done.push('check'),
  };
  let mine = [...uploads];
  const list = {
    openSession: (files: number, most: number) => {
      done.push(`room for ${files} of ${most}`);
      return open;
    },
    mine: () => mine.map((upload) => ({ upload })),
    accountId: () => 'a1',
    add: async (uploads: readonly Upload[], files: readonly PickedFile[]) => {
      added.push({ uploads, files });
      await Promise.resolve(); // on the list once it is kept
      mine.push(...uploads);
    },
    addFromInbox: async (uploads: readonly Upload[]) => void done.push(['from inbox', uploads]),
    entry: (id: string) => mine.map((upload) => ({ upload })).find(({ upload }) => upload.id === id) ?? null,
    applyAll: async (ids: readonly string[], event: object) => void done.push([ids, event]),
    forget: async (ids: readonly string[]) => {
      done.push(['forget', ids]);
      mine = mine.filter(({ id }) => !ids.includes(id));
    },
    giveFile: async (id: string, file: File) => void done.push(['file', id, file.name]),
    wants: () => ['u7'],
    tellEnds: () => void done.push('ends'),
  };
  const engine = {
    list,
    openSessions: async () => elsewhere,
    kick: () => void done.push('kick'),
    refresh: async (ids: readonly string[]) => void done.push(['refresh', ids]),
  };
  const lines: LogEntry[] = [];
  const log = {
    of: (source: LogEntry['source']) => (text: string) =>
      void lines.push({ at: 1, worker: 'i1', source, text }),
    read: async () => lines,
  };
  const store = {
    handle: async (id: string) => handles[id] ?? null,
  };
  const about = () => ({ build: 'b1', instance: 'i1', epoch: 3, engine: 'running' as const });
  const all: Desk = {
    account: account as unknown as Account,
    device: { tell: async (facts: object) => void done.push(['told', facts]) } as unknown as Device,
    inbox: {
      list: async () => shared,
      keep: async (files: readonly File[]) => {
        done.push(['keep', files.map(({ name }) => name)]);
        return 'kept';
      },
      discard: async (ids: readonly string[]) => void done.push(['discard', ids]),
      tell: () => void done.push('inbox changed'),
    } as unknown as Inbox,
    outbox: {
      deleteAll: async (ids: readonly string[]) => void done.push(['delete', ids]),
      dropped: async () => 2,
      noteSeen: async () => void done.push('seen'),
    },
    engine: async () => engine as unknown as Engine,
    news: { rev: 42, snapshot: () => ({ rev: 42, rows: [] }) } as unknown as NewsDesk,
    log: log as unknown as Log,
    store: store as unknown as Store,
    about,
    drain: async () => void done.push('drain'),
    isBusy: async () => true,
    adding: new Turns(),
  };
  return { desk: all, done, added };
}

function picked(id: string, name = 'film.bin', path = ''): PickedFile {
  return { id, path, file: new File(['abc'], name, { type: 'video/mp4', lastModified: 7 }) };
}

function add(files: PickedFile[], again = false) {
  return { name: 'uploads.add', ask: { files, again } } as const;
}

function upload(id: string, life: Life): Upload {
  const file = {
    id,
    account: 'a1',
    session: 's1',
    path: '',
    name: 'a',
    size: 3,
    type: '',
    lastModified: 1,
    addedAt: 1,
  };
  return { ...newUpload(file), life };
}

const ping = { name: 'ping', ask: { build: 'b1', leaving: false, eager: false } } as const;

test('a ping is answered with who the worker is, where things stand, and what it lacks', async () => {
  const { desk: all, done } = desk({});
  expect(await answerCall(all, ping)).toEqual({
    build: 'b1',
    instance: 'i1',
    epoch: 3,
    engine: 'running',
    session: { epoch: 3, state: 'signed-in', account: null },
    rev: 42,
    wants: ['u7'],
    busy: true,
    dropped: 2,
  });
  expect(done).toEqual(['check', 'ends']);
});

test('deletions that a page leaves behind, and that dropped changes were seen, are told to the outbox', async () => {
  const { desk: all, done } = desk({});
  expect(await answerCall(all, { name: 'library.delete', ask: { ids: ['u1', 'u2'] } })).toBe(null);
  expect(await answerCall(all, { name: 'outbox.seen', ask: {} })).toBe(null);
  expect(done).toEqual([['delete', ['u1', 'u2']], 'seen']);
});

test('the first ping of all waits until the server has said who is here', async () => {
  const { desk: all, done } = desk({ at: 'unknown' });
  await answerCall(all, ping);
  expect(done).toEqual(['ask', 'ends']);
});

test('a snapshot is the list as it stands', async () => {
  expect(await answerCall(desk({}).desk, { name: 'uploads.snapshot', ask: {} })).toEqual({
    rev: 42,
    rows: [],
  });
});

test('files become uploads of the account that is signed in, with names the server takes', async () => {
  const { desk: all, added, done } = desk({ open: 's9' });
  const files = [picked('u1', 'a/b\u0000.bin', '../films//2026'), picked('u2')];
  expect(await answerCall(all, add(files))).toEqual({ ids: ['u1', 'u2'], known: [] });
  expect(done).toEqual(['room for 2 of 1000']);
  expect(added).toHaveLength(1);
  expect(added[0]?.files).toEqual(files);
  const now = added[0]?.uploads[0]?.addedAt ?? 0;
  expect(added[0]?.uploads).toEqual([
    newUpload({
      id: 'u1',
      account: 'a1',
      session: 's9',
      path: 'films/2026',
      name: 'a_b_.bin',
      size: 3,
      type: 'video/mp4',
      lastModified: 7,
      addedAt: now,
      batchAt: now,
    }),
    expect.objectContaining({ id: 'u2', path: '', name: 'film.bin', session: 's9' }),
  ]);
});

test('more files than one call takes are several sessions, and keep their order', async () => {
  const { desk: all, added, done } = desk({});
  const files = Array.from({ length: 2001 }, (_, n) => picked(`u${n}`));
  await answerCall(all, add(files));
  expect(added.map(({ uploads }) => uploads.length)).toEqual([1000, 1000, 1]);
  expect(done).toEqual(['room for 1000 of 1000', 'room for 1000 of 1000', 'room for 1 of 1000']);
  const uploads = added.flatMap((one) => one.uploads);
  expect(new Set(uploads.map(({ session }) => session)).size).toBe(3);
  expect(new Set(uploads.map(({ addedAt }) => addedAt)).size).toBe(2001);
  expect(uploads.toSorted((a, b) => a.addedAt - b.addedAt).map(({ id }) => id)).toEqual(
    files.map(({ id }) => id),
  );
});

test('a worker that knows of nobody yet asks before it refuses a file', async () => {
  const { desk: all, added, done } = desk({ at: 'unknown' });
  await answerCall(all, add([picked('u1')]));
  expect([done[0], added.length]).toEqual(['ask', 1]);
});

test.each(['expired', 'signed-out'] as const)('no file is taken while the session is %s', async (at) => {
  const { desk: all, added } = desk({ at });
  const adding = answerCall(all, add([picked('u1')]));
  await expect(adding).rejects.toMatchObject({ code: 'SIGNED_OUT' });
  expect(added).toEqual([]);
});

test('files that are offered go to their uploads', async () => {
  const { desk: all, done } = desk({});
  const files = ['u1', 'u2'].map((id) => ({ id, file: new File(['x'], id) }));
  expect(await answerCall(all, { name: 'uploads.offer', ask: { files } })).toBe(null);
  expect(done).toEqual([
    ['file', 'u1', 'u1'],
    ['file', 'u2', 'u2'],
  ]);
});

test('what a person asks for is one change of all those uploads, and is worth a try now', async () => {
  const uploads = [upload('u1', { at: 'going' }), upload('u2', { at: 'going' })];
  const { desk: all, done } = desk({ uploads });
  await answerCall(all, { name: 'uploads.act', ask: { action: 'pause', ids: ['u1', 'u2'] } });
  expect(done).toEqual([[['u1', 'u2'], { type: 'pause' }], 'kick']);
});

test('a cancellation is dated, so that it can be undone for a while', async () => {
  const { desk: all, done } = desk({ uploads: [upload('u1', { at: 'going' })] });
  await answerCall(all, { name: 'uploads.act', ask: { action: 'cancel', ids: ['u1'] } });
  expect(done[0]).toEqual([['u1'], { type: 'cancel', now: expect.any(Number) }]);
});

test('rows are forgotten at once where the server holds nothing, and else when it has been told', async () => {
  const uploads = [
    upload('stored', { at: 'stored' }),
    upload('freed', { at: 'cancelled', since: 1, told: true }),
    upload('cancelled', { at: 'cancelled', since: 1, told: false }),
    upload('failed', { at: 'failed', code: 'FILE_GONE' }),
  ];
  const { desk: all, done } = desk({ uploads });
  const ids = [...uploads.map(({ id }) => id), 'nobody'];
  await answerCall(all, { name: 'uploads.act', ask: { action: 'remove', ids } });
  expect(done).toEqual([
    ['forget', ['stored', 'freed']],
    [['cancelled', 'failed'], { type: 'remove' }],
    'kick',
  ]);
});

test('a drain is answered once it is done', async () => {
  const { desk: all, done } = desk({});
  expect(await answerCall(all, { name: 'drain', ask: {} })).toBe(null);
  expect(done).toEqual(['drain']);
});

test('a file that is on its way already is named, and not added', async () => {
  const known = { ...upload('u1', { at: 'going' }), name: 'film.bin', lastModified: 7 };
  const { desk: all, added, done } = desk({ uploads: [known] });
  expect(await answerCall(all, add([picked('p1'), picked('p2', 'other.bin')]))).toEqual({
    ids: ['p2'],
    known: [{ picked: 'p1', of: 'u1' }],
  });
  expect(
    added.flatMap(({ uploads, files }) => [uploads.map(({ id }) => id), files.map(({ id }) => id)]),
  ).toEqual([['p2'], ['p2']]);
  expect(done).toEqual(['room for 1 of 1000']);
});

test('a file that is known by the name it is cleaned to is known', async () => {
  const known = { ...upload('u1', { at: 'paused' }), path: 'films', name: 'a_b', lastModified: 7 };
  const { desk: all } = desk({ uploads: [known] });
  expect(await answerCall(all, add([picked('p1', 'a/b', '../films/')]))).toEqual({
    ids: [],
    known: [{ picked: 'p1', of: 'u1' }],
  });
});

test('a file that is meant a second time is added a second time', async () => {
  const known = { ...upload('u1', { at: 'going' }), name: 'film.bin', lastModified: 7 };
  const { desk: all } = desk({ uploads: [known] });
  expect(await answerCall(all, add([picked('p1')], true))).toEqual({ ids: ['p1'], known: [] });
});

test('a file that is asked for again under its own id has been taken, and is not added twice', async () => {
  const taken = { ...upload('p1', { at: 'going' }), name: 'film.bin', lastModified: 7 };
  const { desk: all, added } = desk({ uploads: [taken] });
  expect(await answerCall(all, add([picked('p1'), picked('p2', 'other.bin')]))).toEqual({
    ids: ['p1', 'p2'],
    known: [],
  });
  expect(added.flatMap(({ uploads }) => uploads.map(({ id }) => id))).toEqual(['p2']);
});

test('with nothing to add the list is left alone', async () => {
  const known = { ...upload('u1', { at: 'going' }), name: 'film.bin', lastModified: 7 };
  const { desk: all, done } = desk({ uploads: [known] });
  await answerCall(all, add([picked('p1')]));
  expect(done).toEqual([]);
});

test('a file that two tabs add at once is one upload', async () => {
  const { desk: all, added } = desk({});
  expect(
    await Promise.all([answerCall(all, add([picked('p1')])), answerCall(all, add([picked('p2')]))]),
  ).toEqual([
    { ids: ['p1'], known: [] },
    { ids: [], known: [{ picked: 'p2', of: 'p1' }] },
  ]);
  expect(added.flatMap(({ uploads }) => uploads.map(({ id }) => id))).toEqual(['p1']);
});

test('files that can not be added keep no others from it', async () => {
  const { desk: all } = desk({});
  const broken = { ...all, engine: () => Promise.reject(new Error('no')) };
  const [first, second] = await Promise.allSettled([
    answerCall(broken, add([picked('p1')])),
    answerCall(all, add([picked('p2')])),
  ]);
  expect([first.status, second.status]).toEqual(['rejected', 'fulfilled']);
});

test('a refresh is for sessions that live, too', async () => {
  const { desk: all, done } = desk({ uploads: [upload('u1', { at: 'going' })] });
  await answerCall(all, { name: 'uploads.act', ask: { action: 'refresh', ids: ['u1'] } });
  expect(done).toEqual([['refresh', ['u1']], 'kick']);
});

test('handles are given out for uploads of this account only, and only where there are any', async () => {
  const handle = { kind: 'file', name: 'a' } as FileSystemFileHandle;
  const uploads = [upload('u1', { at: 'needs-permission' }), upload('u2', { at: 'needs-permission' })];
  const { desk: all } = desk({ uploads, handles: { u1: handle, another: handle } });
  const ids = ['u1', 'u2', 'another'];
  expect(await answerCall(all, { name: 'uploads.handles', ask: { ids } })).toEqual([{ id: 'u1', handle }]);
});

test('a permission that was given is one change of all those uploads', async () => {
  const { desk: all, done } = desk({});
  expect(await answerCall(all, { name: 'uploads.permitted', ask: { ids: ['u1', 'u2'] } })).toBe(null);
  expect(done).toEqual([[['u1', 'u2'], { type: 'permitted' }]]);
});

test('uploads of other devices are shown as the server has them', async () => {
  const file = {
    id: 'f1',
    path: '',
    name: 'a',
    size: 3,
    type: '',
    lastModified: 1,
    partBytes: 10,
    offsets: {},
  };
  const session: UploadSession = {
    id: 's2',
    device: 'Phone',
    createdAt: 1,
    issuedAt: 1,
    sessionTtlMinutes: 30,
    now: 1,
    files: [{ ...file, state: 'open', acknowledged: [] }],
  };
  expect(
    await answerCall(desk({ elsewhere: [session] }).desk, { name: 'uploads.elsewhere', ask: {} }),
  ).toEqual([
    { id: 'f1', session: 's2', device: 'Phone', path: '', name: 'a', size: 3, acknowledgedBytes: 0 },
  ]);
});

test('files that are selected again are compared and refused by reason', async () => {
  const { desk: all } = desk({});
  const call = { name: 'uploads.select', ask: { files: [picked('p1')] } } as const;
  expect(await answerCall(all, { ...call, ask: { files: [...call.ask.files] } })).toEqual({
    matched: [],
    refused: [{ picked: 'p1', name: 'film.bin', code: 'OTHER_SIZE' }],
  });
});

test('what a page notes is in the log, as a page’s', async () => {
  const { desk: all } = desk({});
  expect(await answerCall(all, { name: 'log.note', ask: { text: 'permission: prompt' } })).toBe(null);
  expect(await answerCall(all, { name: 'log.read', ask: {} })).toEqual([
    { at: 1, worker: 'i1', source: 'page', text: 'permission: prompt' },
  ]);
});

test('what a page says of person and device is passed on', async () => {
  const { desk: all, done } = desk({});
  const said = { title: 'a', body: 'b' };
  const notices = { expired: said, paused: said, arrived: said };
  const ask = { language: 'de', notices, onlyUnmetered: true, metered: null };
  await answerCall(all, { name: 'device.tell', ask });
  expect(done).toEqual([['told', ask]]);
});

const shared = ['i1', 'i2', 'i3'].map((id) => {
  return { id, name: `${id}/x.jpg`, size: 3, type: 'image/jpeg', lastModified: 7, sharedAt: 9 };
});

test('files may come into the inbox whoever is signed in, and the page hears what became of them', async () => {
  const { desk: all, done } = desk({ at: 'signed-out' });
  const files = [new File(['abc'], 'film.bin')];
  expect(await answerCall(all, { name: 'inbox.keep', ask: { files } })).toBe('kept');
  expect(done).toEqual([['keep', ['film.bin']]]);
});

test('files of the inbox that a person accepts are uploads of theirs, by the same ids', async () => {
  const { desk: all, done } = desk({ shared, open: 's9' });
  const accept = { name: 'inbox.accept' as const, ask: { ids: ['i1', 'i3', 'unknown'] } };
  expect(await answerCall(all, accept)).toBe(null);
  const facts = { account: 'a1', session: 's9', path: '', size: 3, type: 'image/jpeg', lastModified: 7 };
  expect(done).toEqual([
    'room for 2 of 1000',
    [
      'from inbox',
      [
        expect.objectContaining({ ...facts, id: 'i1', name: 'i1_x.jpg', life: { at: 'going' } }),
        expect.objectContaining({ ...facts, id: 'i3', name: 'i3_x.jpg', life: { at: 'going' } }),
      ],
    ],
    'inbox changed',
  ]);
});

test('nobody accepts a file while nobody is signed in, but anyone may throw it away', async () => {
  const { desk: all, done } = desk({ shared, at: 'signed-out' });
  const accept = { name: 'inbox.accept' as const, ask: { ids: ['i1'] } };
  await expect(answerCall(all, accept)).rejects.toMatchObject({ code: 'SIGNED_OUT' });
  await answerCall(all, { name: 'inbox.discard', ask: { ids: ['i1'] } });
  expect(await answerCall(all, { name: 'inbox.list', ask: {} })).toEqual(shared);
  expect(done).toEqual([['discard', ['i1']]]);
});
