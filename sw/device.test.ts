import { expect, test } from 'vitest';
import { notice as en } from '../locales/en.json';
import { type Connection, Device } from './device.ts';
import type { DeviceChoice, Store } from './store.ts';

const said = { title: 'Ho', body: 'Hey' };
const notices = { expired: said, paused: said, arrived: said };
const german: DeviceChoice = { language: 'de', notices, onlyUnmetered: true };

function device({ kept = null, type }: { kept?: DeviceChoice | null; type?: string }) {
  const done: unknown[] = [];
  const store = {
    device: async () => kept,
    setDevice: async (choice: DeviceChoice) => void done.push(choice),
  } as unknown as Store;
  const connection: Connection = Object.assign(new EventTarget(), { type });
  return {
    device: new Device({ store, connection, onChange: () => done.push('changed') }),
    done,
    connection,
  };
}

test('until a page has said anything, it is English, and everything may go out', async () => {
  const { device: one } = device({ type: 'cellular' });
  await one.load();
  expect(await one.speech()).toEqual({ language: 'en', notices: en });
  expect(one.heldBack).toBe(false);
});

test('what a page has said outlives the worker', async () => {
  const { device: one } = device({ kept: german, type: 'cellular' });
  await one.load();
  expect(await one.speech()).toMatchObject({ language: 'de', notices });
  expect(one.heldBack).toBe(true);
});

test('what a page says is kept, and uploads hear of it when it holds them back or no longer does', async () => {
  const { device: one, done } = device({});
  await one.tell({ ...german, metered: null });
  await one.tell({ ...german, metered: true });
  await one.tell({ ...german, language: 'fr', metered: true });
  await one.tell({ ...german, onlyUnmetered: false, metered: true });
  const { language: _language, ...rest } = german;
  expect(done).toEqual([
    german,
    'changed',
    german,
    { ...rest, language: 'fr' },
    'changed',
    { ...german, onlyUnmetered: false },
  ]);
});

test('what the worker sees of the connection counts more than what a page saw', async () => {
  const { device: one } = device({ type: 'wifi' });
  await one.tell({ ...german, metered: true });
  expect(one.heldBack).toBe(false);
});

test('uploads hear of a connection that changes', () => {
  const { connection, done } = device({});
  connection.dispatchEvent(new Event('change'));
  expect(done).toEqual(['changed']);
});

test('without a database a person is told in English rather than not at all', async () => {
  const store = { device: () => Promise.reject(new Error('no database')) } as unknown as Store;
  const one = new Device({ store, connection: null, onChange: () => undefined });
  expect((await one.speech()).language).toBe('en');
});
