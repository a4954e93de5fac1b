// Names only: `shared/` may carry these in a message and can read none of them. Each realm's own `lib` has the
// real ones, so this file is not part of any other project.
interface Blob {
  readonly size: number;
  readonly type: string;
}
interface File extends Blob {
  readonly name: string;
  readonly lastModified: number;
}
interface FileSystemFileHandle {
  readonly name: string;
}

// The one platform class that is as pure as the language: parsing, the same in page, worker and server, and not
// to be written again by anyone who cares for their users.
declare class URL {
  constructor(url: string, base?: string);
  readonly origin: string;
  readonly pathname: string;
  readonly search: string;
}
