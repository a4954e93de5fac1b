/** The build id, put in by the bundler. */
declare const __BUILD__: string;
/** Origin of the API, or empty when it is the app's own. */
declare const __API_ORIGIN__: string;

/** The address of a file that is not bundled. */
declare module '*?url' {
  const address: string;
  export default address;
}

interface ImportMeta {
  readonly env: { readonly DEV: boolean };
}

interface DataTransferItem {
  /** Chromium only; gives a handle that outlives the page. */
  getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>;
}

/** Files that were opened with the installed app; Chromium on desktops only. */
declare var launchQueue:
  | {
      setConsumer: (consume: (launch: { readonly files?: readonly FileSystemHandle[] }) => void) => void;
    }
  | undefined;

interface FileSystemHandle {
  /** Chromium only. */
  requestPermission?: (what: { mode: 'read' }) => Promise<PermissionState>;
}
