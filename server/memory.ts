import { setFlagsFromString } from 'node:v8';

// Imported first by `main.ts`, since it counts only for what is allocated afterwards. Left alone, V8 lets the heap grow
// to 100 MiB while the modules load, of which 40 are used, and is slow to give them back.
setFlagsFromString('--optimize-for-size');
