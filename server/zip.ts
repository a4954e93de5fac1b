/**
 * The ZIP format (APPNOTE 6.3.10), as far as files that are stored uncompressed and written in one go need it: what
 * stands where follows from names and sizes alone, so that any range of an archive can be made without the rest.
 */

/** A file in an archive. */
export interface ZipMember {
  /** With its folders, by slashes. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly lastModified: number;
}

/** Where a member stands, in bytes from the beginning of the archive. */
export interface ZipPlace {
  readonly headerAt: number;
  readonly dataAt: number;
  /** Its checksum and sizes: what was not known when its header was written. */
  readonly descriptorAt: number;
  readonly end: number;
}

export interface ZipLayout {
  readonly places: readonly ZipPlace[];
  /** The directory of all members, with their checksums. */
  readonly directoryAt: number;
  readonly size: number;
}

const HEADER_BYTES = 30;
const DESCRIPTOR_BYTES = 16;
const DESCRIPTOR64_BYTES = 24;
const ENTRY_BYTES = 46;
const END_BYTES = 22;
const END64_BYTES = 56 + 20;
/** Extra field 0x5455 (Info-ZIP): the date as seconds since the epoch. */
const TIME_BYTES = 9;

/** From here on a number has no room in 32 bits, or 16, and stands in a ZIP64 field (4.5.3). */
const NO_32 = 0xffff_ffff;
const NO_16 = 0xffff;
const VERSION = 20;
const VERSION64 = 45;
const MADE_ON_UNIX = 3 << 8;
/** A descriptor comes after the data (bit 3), and the name is UTF-8 (bit 11). */
const FLAGS = 0x0808;
const PLAIN_FILE = 0o100644;
/** What the dates of DOS can say. */
const FIRST_DATE = Date.UTC(1980, 0, 1);
const LAST_DATE = Date.UTC(2107, 11, 31, 23, 59, 58);

/** Where everything stands in an archive of these. */
export function layOut(members: readonly ZipMember[]): ZipLayout {
  let at = 0;
  const places = members.map((member): ZipPlace => {
    const headerAt = at;
    const dataAt = headerAt + HEADER_BYTES + nameOf(member).length + TIME_BYTES;
    const descriptorAt = dataAt + member.size;
    at = descriptorAt + (isLarge(member) ? DESCRIPTOR64_BYTES : DESCRIPTOR_BYTES);
    return { headerAt, dataAt, descriptorAt, end: at };
  });
  const directoryAt = at;
  const entries = members.reduce((sum, member, n) => {
    const headerAt = places[n]?.headerAt ?? 0;
    return sum + ENTRY_BYTES + nameOf(member).length + TIME_BYTES + extra64(member, headerAt).length;
  }, 0);
  const is64 = members.length >= NO_16 || entries >= NO_32 || directoryAt >= NO_32;
  return { places, directoryAt, size: directoryAt + entries + (is64 ? END64_BYTES : 0) + END_BYTES };
}

/** What stands before the bytes of a member (4.3.7). */
export function zipHeader(member: ZipMember): Buffer {
  const name = nameOf(member);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(0x0403_4b50, 0);
  header.writeUInt16LE(isLarge(member) ? VERSION64 : VERSION, 4);
  header.writeUInt16LE(FLAGS, 6);
  header.writeUInt32LE(dosTime(member), 10);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(TIME_BYTES, 28);
  return Buffer.concat([header, name, unixTime(member)]);
}

/** What stands after them (4.3.9). */
export function zipDescriptor(member: ZipMember, crc: number): Buffer {
  const { size } = member;
  const descriptor = Buffer.alloc(isLarge(member) ? DESCRIPTOR64_BYTES : DESCRIPTOR_BYTES);
  descriptor.writeUInt32LE(0x0807_4b50, 0);
  descriptor.writeUInt32LE(crc, 4);
  if (isLarge(member)) {
    descriptor.writeBigUInt64LE(BigInt(size), 8);
    descriptor.writeBigUInt64LE(BigInt(size), 16);
  } else {
    descriptor.writeUInt32LE(size, 8);
    descriptor.writeUInt32LE(size, 12);
  }
  return descriptor;
}

/** All that stands after the last member (4.3.12 to 4.3.16). `crcs` are those of the members, in their order. */
export function zipDirectory(
  members: readonly ZipMember[],
  layout: ZipLayout,
  crcs: readonly number[],
): Buffer {
  const entries = members.map((member, n) => entryOf(member, layout.places[n]?.headerAt ?? 0, crcs[n] ?? 0));
  const bytes = entries.reduce((sum, entry) => sum + entry.length, 0);
  const is64 = layout.size - layout.directoryAt - bytes > END_BYTES;
  return Buffer.concat([
    ...entries,
    ...(is64 ? [end64Of(members.length, layout.directoryAt, bytes)] : []),
    endOf(members.length, layout.directoryAt, bytes),
  ]);
}

function entryOf(member: ZipMember, headerAt: number, crc: number): Buffer {
  const name = nameOf(member);
  const extra = Buffer.concat([unixTime(member), extra64(member, headerAt)]);
  const version = isLarge(member) || headerAt >= NO_32 ? VERSION64 : VERSION;
  const entry = Buffer.alloc(ENTRY_BYTES);
  entry.writeUInt32LE(0x0201_4b50, 0);
  entry.writeUInt16LE(MADE_ON_UNIX | version, 4);
  entry.writeUInt16LE(version, 6);
  entry.writeUInt16LE(FLAGS, 8);
  entry.writeUInt32LE(dosTime(member), 12);
  entry.writeUInt32LE(crc, 16);
  entry.writeUInt32LE(Math.min(member.size, NO_32), 20);
  entry.writeUInt32LE(Math.min(member.size, NO_32), 24);
  entry.writeUInt16LE(name.length, 28);
  entry.writeUInt16LE(extra.length, 30);
  entry.writeUInt32LE(PLAIN_FILE * 0x1_0000, 38);
  entry.writeUInt32LE(Math.min(headerAt, NO_32), 42);
  return Buffer.concat([entry, name, extra]);
}

function endOf(members: number, directoryAt: number, bytes: number): Buffer {
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(0x0605_4b50, 0);
  end.writeUInt16LE(Math.min(members, NO_16), 8);
  end.writeUInt16LE(Math.min(members, NO_16), 10);
  end.writeUInt32LE(Math.min(bytes, NO_32), 12);
  end.writeUInt32LE(Math.min(directoryAt, NO_32), 16);
  return end;
}

function end64Of(members: number, directoryAt: number, bytes: number): Buffer {
  const end = Buffer.alloc(END64_BYTES);
  end.writeUInt32LE(0x0606_4b50, 0);
  end.writeBigUInt64LE(44n, 4); // what follows of this record
  end.writeUInt16LE(MADE_ON_UNIX | VERSION64, 12);
  end.writeUInt16LE(VERSION64, 14);
  end.writeBigUInt64LE(BigInt(members), 24);
  end.writeBigUInt64LE(BigInt(members), 32);
  end.writeBigUInt64LE(BigInt(bytes), 40);
  end.writeBigUInt64LE(BigInt(directoryAt), 48);
  // The locator of the record above, which comes right after the directory.
  end.writeUInt32LE(0x0706_4b50, 56);
  end.writeBigUInt64LE(BigInt(directoryAt + bytes), 64);
  end.writeUInt32LE(1, 72);
  return end;
}

/** What has no room in a directory entry, in the order of its fields there. */
function extra64({ size }: ZipMember, headerAt: number): Buffer {
  const values = [...(size >= NO_32 ? [size, size] : []), ...(headerAt >= NO_32 ? [headerAt] : [])];
  if (values.length === 0) return Buffer.alloc(0);
  const extra = Buffer.alloc(4 + 8 * values.length);
  extra.writeUInt16LE(0x0001, 0);
  extra.writeUInt16LE(8 * values.length, 2);
  for (const [n, value] of values.entries()) extra.writeBigUInt64LE(BigInt(value), 4 + 8 * n);
  return extra;
}

/** DOS knows no zones. This is UTC, so that the same file has the same bytes on every server; `unixTime` is what holds. */
function dosTime({ lastModified }: ZipMember): number {
  const date = new Date(Math.min(Math.max(lastModified, FIRST_DATE), LAST_DATE));
  const day = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
  const time = (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1);
  return day * 0x1_0000 + time;
}

function unixTime({ lastModified }: ZipMember): Buffer {
  const seconds = Math.floor(lastModified / 1000);
  const extra = Buffer.alloc(TIME_BYTES);
  extra.writeUInt16LE(0x5455, 0);
  extra.writeUInt16LE(TIME_BYTES - 4, 2);
  extra.writeUInt8(1, 4);
  extra.writeInt32LE(Math.min(Math.max(seconds, -0x8000_0000), 0x7fff_ffff), 5);
  return extra;
}

function isLarge({ size }: ZipMember): boolean {
  return size >= NO_32;
}

function nameOf({ name }: ZipMember): Buffer {
  return Buffer.from(name);
}
