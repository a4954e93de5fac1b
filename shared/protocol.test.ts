import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCall } from './calls.ts';
import { parseNews, parseReply } from './protocol.ts';

const id = '0b0e2d0c-5f3e-4a58-9f6f-1d1f6f1d2a10';
const file = new File(['abc'], 'film.bin');
const said = { title: 'Ho', body: 'Hey' };
const notices = { expired: said, paused: said, arrived: said };
const picked = { id, file, path: 'films' };

test.each([
  [
    { type: 'ping', build: 'b1', leaving: false, eager: true },
    { name: 'ping', ask: { build: 'b1', leaving: false, eager: true } },
  ],
  [
    { type: 'device.tell', language: 'de', notices, onlyUnmetered: true, metered: null },
    { name: 'device.tell', ask: { language: 'de', notices, onlyUnmetered: true, metered: null } },
  ],
  [
    { type: 'inbox.keep', files: [file] },
    { name: 'inbox.keep', ask: { files: [file] } },
  ],
  [{ type: 'inbox.list' }, { name: 'inbox.list', ask: {} }],
  [
    { type: 'inbox.accept', ids: [id] },
    { name: 'inbox.accept', ask: { ids: [id] } },
  ],
  [
    { type: 'inbox.discard', ids: [] },
    { name: 'inbox.discard', ask: { ids: [] } },
  ],
  [{ type: 'uploads.snapshot' }, { name: 'uploads.snapshot', ask: {} }],
  [
    { type: 'uploads.add', files: [picked] },
    { name: 'uploads.add', ask: { files: [picked], again: false } },
  ],
  [
    { type: 'uploads.add', files: [] },
    { name: 'uploads.add', ask: { files: [], again: false } },
  ],
  [
    { type: 'uploads.offer', files: [{ id, file }] },
    { name: 'uploads.offer', ask: { files: [{ id, file }] } },
  ],
  [
    { type: 'uploads.act', action: 'pause', ids: [id] },
    { name: 'uploads.act', ask: { action: 'pause', ids: [id] } },
  ],
  [
    { type: 'uploads.select', files: [picked] },
    { name: 'uploads.select', ask: { files: [picked] } },
  ],
  [
    { type: 'uploads.add', files: [], again: true },
    { name: 'uploads.add', ask: { files: [], again: true } },
  ],
  [
    { type: 'ping', build: 'b1', leaving: false, eager: false },
    { name: 'ping', ask: { build: 'b1', leaving: false, eager: false } },
  ],
  [
    { type: 'uploads.handles', ids: [id] },
    { name: 'uploads.handles', ask: { ids: [id] } },
  ],
  [
    { type: 'uploads.permitted', ids: [id] },
    { name: 'uploads.permitted', ask: { ids: [id] } },
  ],
  [{ type: 'uploads.elsewhere' }, { name: 'uploads.elsewhere', ask: {} }],
  [{ type: 'log.read' }, { name: 'log.read', ask: {} }],
  [
    { type: 'log.note', text: 'permission: prompt' },
    { name: 'log.note', ask: { text: 'permission: prompt' } },
  ],
  [{ type: 'drain' }, { name: 'drain', ask: {} }],
])('a call is understood: %o', (data, call) => {
  expect(parseCall(data)).toEqual(call);
});

test('a handle comes along where the browser gives one', () => {
  const handle = { kind: 'file', name: 'film.bin' };
  expect(parseCall({ type: 'uploads.add', files: [{ ...picked, handle }] })).toEqual({
    name: 'uploads.add',
    ask: { files: [{ ...picked, handle }], again: false },
  });
});

test('a ping of an older page, that says nothing of eagerness, is not eager', () => {
  expect(parseCall({ type: 'ping', build: 'b0', leaving: true })).toEqual({
    name: 'ping',
    ask: { build: 'b0', leaving: true, eager: false },
  });
});

test('what a newer page adds to a call is left out, not refused', () => {
  expect(parseCall({ type: 'ping', build: 'b2', leaving: false, eager: false, mood: 'good' })).toEqual({
    name: 'ping',
    ask: { build: 'b2', leaving: false, eager: false },
  });
});

test.each([
  [null],
  [undefined],
  [7],
  ['ping'],
  [[]],
  [{}],
  [{ type: null }],
  [{ type: 'uploads.explode', ids: [id] }],
  [{ type: 'toString' }],
  [{ type: '__proto__' }],
  [{ type: 'ping' }],
  [{ type: 'ping', build: 7, leaving: false }],
  [{ type: 'uploads.add' }],
  [{ type: 'uploads.add', files: 'film.bin' }],
  [{ type: 'uploads.add', files: [{ ...picked, id: 'u1' }] }],
  [{ type: 'uploads.add', files: [{ ...picked, file: null }] }],
  [{ type: 'uploads.add', files: [{ ...picked, file: 'film.bin' }] }],
  [{ type: 'uploads.add', files: [{ id, file }] }],
  [{ type: 'uploads.act', action: 'explode', ids: [id] }],
  [{ type: 'uploads.act', action: 'pause', ids: ['u1'] }],
  [{ type: 'uploads.act', action: 'pause', ids: id }],
  [{ type: 'uploads.handles', ids: ['u1'] }],
  [{ type: 'uploads.permitted' }],
  [{ type: 'log.note', text: 'x'.repeat(201) }],
  [{ type: 'log.note' }],
])('a call that is not understood is none: %j', (data) => {
  expect(parseCall(data)).toBe(null);
});

test('no message makes any of the parsers throw', () => {
  const types = fc.constantFrom('ping', 'uploads.add', 'uploads.act', 'uploads', 'session', 'library', 'x');
  const message = fc.oneof(
    fc.anything(),
    fc.record({ type: types, files: fc.anything(), ids: fc.anything() }),
  );
  fc.assert(
    fc.property(message, (data) => {
      for (const parse of [parseCall, parseReply, parseNews]) parse(data);
    }),
    { numRuns: 2000 },
  );
});

test('a reply is a value or a code', () => {
  expect(parseReply({ ok: true, value: null })).toEqual({ ok: true, value: null });
  expect(parseReply({ ok: true, value: { ids: [id] } })).toEqual({ ok: true, value: { ids: [id] } });
  expect(parseReply({ ok: false, code: 'SIGNED_OUT' })).toEqual({ ok: false, code: 'SIGNED_OUT' });
});

test.each([
  [null],
  ['ok'],
  [{}],
  [{ ok: true }],
  [{ ok: 'true', value: 1 }],
  [{ ok: false }],
  [{ ok: false, code: 'A_CODE_OF_TOMORROW' }],
  [{ ok: false, code: 'toString' }],
])('what is neither is no reply: %j', (data) => {
  expect(parseReply(data)).toBe(null);
});

test('news of every known kind is understood', () => {
  const session = { epoch: 3, state: 'expired', account: null };
  const all = [
    { type: 'session', session },
    { type: 'session-expired', epoch: 3 },
    { type: 'session-restored', epoch: 4, accountId: 'a1' },
    { type: 'library' },
    { type: 'outbox-waits' },
    { type: 'outbox-dropped', count: 2 },
  ];
  for (const news of all) expect(parseNews(news)).toEqual(news);
});

test.each([[null], ['library'], [{}], [{ type: 'weather' }], [{ type: ['library'] }]])(
  'news of a kind that a page does not know is none: %j',
  (data) => {
    expect(parseNews(data)).toBe(null);
  },
);
