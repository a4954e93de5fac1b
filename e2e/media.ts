import sharp from 'sharp';

/** A PNG of one colour. */
export function picture(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: '#0f6b5c' } })
    .png()
    .toBuffer();
}

/** A WAV file of silence, large enough that a browser does not fetch all of it at once. */
export function silence(seconds: number): Buffer {
  const rate = 48_000;
  const bytes = rate * 2 * seconds;
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + bytes, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(bytes, 40);
  return Buffer.concat([head, Buffer.alloc(bytes)]);
}

/** 160 by 90 pixels of one colour, as VP8 keeps them; no other frame is needed to see it. */
const KEY_FRAME = Buffer.from(
  'UAUAnQEqoABaAAiHCIWFiJmEiC2CAAYoEFjVUmu4h1VJruIdVSa7iHVUmu4h1VJruIdMAP7ffj/g2SKa7AA=',
  'base64',
);

/** A WebM film of one colour, a frame each second. */
export function film(seconds: number): Buffer {
  const frames = Array.from({ length: seconds + 1 }, (_, second) => {
    const head = Buffer.from([0x81, 0, 0, 0x80]); // of track 1, a key frame, at so many ms
    head.writeUInt16BE(second * 1000, 1);
    return element('a3', head, KEY_FRAME);
  });
  const duration = Buffer.alloc(8);
  duration.writeDoubleBE(seconds * 1000);
  const info = element(
    '1549a966',
    element('2ad7b1', Buffer.from([0x0f, 0x42, 0x40])),
    element('4489', duration),
  );
  const size = element('e0', element('b0', Buffer.from([160])), element('ba', Buffer.from([90])));
  const track = [numbered('d7', 1), numbered('73c5', 1), numbered('83', 1)];
  return Buffer.concat([
    element('1a45dfa3', element('4282', Buffer.from('webm')), numbered('4287', 4), numbered('4285', 2)),
    element(
      '18538067',
      info,
      element('1654ae6b', element('ae', ...track, element('86', Buffer.from('V_VP8')), size)),
      element('1f43b675', numbered('e7', 0), ...frames),
    ),
  ]);
}

/** An element of EBML (RFC 8794): its id, in hex, its length in 4 bytes, and what is in it. */
function element(id: string, ...content: readonly Buffer[]): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(0x1000_0000 + content.reduce((sum, one) => sum + one.length, 0));
  return Buffer.concat([Buffer.from(id, 'hex'), length, ...content]);
}

function numbered(id: string, value: number): Buffer {
  return element(id, Buffer.from([value]));
}

/** A PDF of one page with a line on it. */
export function paper(line: string): Buffer {
  const drawn = `BT /F1 24 Tf 60 720 Td (${line}) Tj ET`;
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>',
    `<</Length ${drawn.length}>>stream\n${drawn}\nendstream`,
    '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>',
  ];
  // Without a table of where each object is: every reader makes one.
  const body = objects.map((object, n) => `${n + 1} 0 obj${object}endobj\n`).join('');
  return Buffer.from(`%PDF-1.4\n${body}trailer<</Root 1 0 R/Size ${objects.length + 1}>>\n%%EOF`);
}
