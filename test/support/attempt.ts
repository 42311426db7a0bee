/** What a run of a sink's task needs to be an attempt of its own, where a test is about something else. */
export const attempt = { cluster: 'test', generation: 1, attempt: 1, recreated: 'fail' } as const;
