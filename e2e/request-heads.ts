/** One HTTP/1.1 request as it passed, as far as its bytes went. */
export interface SeenRequest {
  /** Which connection carried it, counted from 1. */
  connection: number;
  method: string;
  /** With the query. */
  path: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** ms since the epoch. */
  startedAt: number;
  /** Bytes of its body that were put on the link, whether or not the rest ever came. */
  bodyBytes: number;
  /** Status of the answer, null while there is none. */
  status: number | null;
  /** ms since the epoch; null while there is no answer. */
  answeredAt: number | null;
}

const HEAD_END = '\r\n\r\n';

/**
 * Finds the requests in what one client sends over one connection. Bodies are counted, not looked at: a chunk that
 * is all body costs one subtraction. A body without a length (`Transfer-Encoding`) counts to the connection's end.
 */
export class RequestHeads {
  readonly #connection: number;
  readonly #onRequest: (request: SeenRequest) => void;
  #partialHead: Buffer | undefined;
  #bodyLeft = 0;
  #current: SeenRequest | undefined;

  constructor(connection: number, onRequest: (request: SeenRequest) => void) {
    this.#connection = connection;
    this.#onRequest = onRequest;
  }

  /** The request that began last. */
  get current(): SeenRequest | undefined {
    return this.#current;
  }

  see(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) rest = this.#bodyLeft > 0 ? this.#skipBody(rest) : this.#readHead(rest);
  }

  #skipBody(bytes: Buffer): Buffer {
    const skipped = Math.min(this.#bodyLeft, bytes.length);
    this.#bodyLeft -= skipped;
    if (this.#current) this.#current.bodyBytes += skipped;
    return bytes.subarray(skipped);
  }

  #readHead(bytes: Buffer): Buffer {
    const seen = this.#partialHead ? Buffer.concat([this.#partialHead, bytes]) : bytes;
    const end = seen.indexOf(HEAD_END);
    if (end < 0) {
      this.#partialHead = seen;
      return seen.subarray(seen.length);
    }
    this.#partialHead = undefined;
    this.#begin(seen.toString('latin1', 0, end));
    return seen.subarray(end + HEAD_END.length);
  }

  #begin(head: string): void {
    const [first = '', ...lines] = head.split('\r\n');
    const [method = '', path = ''] = first.split(' ');
    const headers = Object.fromEntries(lines.map(splitLine));
    this.#bodyLeft =
      'transfer-encoding' in headers ? Number.POSITIVE_INFINITY : Number(headers['content-length'] ?? 0);
    this.#current = {
      connection: this.#connection,
      method,
      path,
      headers,
      startedAt: Date.now(),
      bodyBytes: 0,
      status: null,
      answeredAt: null,
    };
    this.#onRequest(this.#current);
  }
}

function splitLine(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
