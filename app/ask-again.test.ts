import { expect, test } from 'vitest';
import type { Reply } from '../shared/protocol.ts';
import { askAgain } from './ask-again.ts';

type Answer = Reply<'uploads.add'>;
const silent: Answer = { ok: false, code: 'WORKER_SILENT' };
const refused: Answer = { ok: false, code: 'DEVICE_FULL' };
const taken: Answer = { ok: true, value: { ids: ['a'], known: [] } };

test.each<[string, Answer[], Answer, number]>([
  ['an answer is the answer', [taken], taken, 1],
  ['silence is asked again', [silent, silent, taken], taken, 3],
  ['a refusal is not', [silent, refused, taken], refused, 2],
  ['silence without end is said to be so', [silent, silent, silent, taken], silent, 3],
])('%s', async (_, answers, last, asked) => {
  let asks = 0;
  const reply = await askAgain<'uploads.add'>(() => Promise.resolve(answers[asks++] ?? silent), 3);
  expect([reply, asks]).toEqual([last, asked]);
});
