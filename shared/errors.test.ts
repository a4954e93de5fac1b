import { expect, test } from 'vitest';
import { apiErrors, deviceErrors, HoldfastError, isApiErrorCode, isErrorCode } from './errors.ts';

test('every code is known as one, and only those of the server as codes of the server', () => {
  for (const code of Object.keys(apiErrors))
    expect([isErrorCode(code), isApiErrorCode(code)]).toEqual([true, true]);
  for (const code of deviceErrors) expect([isErrorCode(code), isApiErrorCode(code)]).toEqual([true, false]);
});

test.each([null, undefined, 0, '', 'toString', '__proto__', 'constructor', 'NOPE', ['NOT_FOUND'], {}])(
  '%j is no code',
  (value) => {
    expect([isErrorCode(value), isApiErrorCode(value)]).toEqual([false, false]);
  },
);

test('every code of the server stands for an error status', () => {
  for (const status of Object.values(apiErrors)) {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
  }
});

test('a code is of the server or of the device, never both', () => {
  expect(deviceErrors.filter((code) => code in apiErrors)).toEqual([]);
});

test('an error carries its code, its message and its cause', () => {
  const cause = new Error('no room');
  const error = new HoldfastError('DEVICE_FULL', 'Nothing was written', { cause });
  expect({ ...error, message: error.message, cause: error.cause }).toEqual({
    name: 'HoldfastError',
    code: 'DEVICE_FULL',
    message: 'Nothing was written',
    cause,
  });
  expect(error).toBeInstanceOf(Error);
});
