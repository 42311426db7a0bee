/** Identity and topic policy of a sink run, for tests of other subjects. */
export const attempt = { cluster: 'test', generation: 1, attempt: 1, onRecreatedTopic: 'fail' } as const;
