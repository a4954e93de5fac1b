// `npm start`: page, worker and API from one process. The server itself says where it is and how to sign in.
import { buildIfChanged } from './build.mjs';

try {
  buildIfChanged();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
await import('../server/main.ts');
