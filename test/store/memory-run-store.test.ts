import { runStoreSuite } from '../contract/run-store.suite.ts';
import { MemoryRunStore } from '../fakes/memory-run-store.ts';

runStoreSuite('in memory', async () => ({ store: new MemoryRunStore(), close: async () => undefined }));
