// Written by `npm run generate` from packages/contracts/schemas/openapi.json.

export interface paths {
    "/workflows/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Runs, newest first: by when the first event of each reached the bus */
        get: operations["listRuns"];
        put?: never;
        /** Starts a run of the demo workflow; with a `runId` of its own, the same request gives the same run again */
        post: operations["startRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workflows/runs/{runId}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How a run stands: state, progress, failure, and how complete its telemetry is in each store */
        get: operations["getRunStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workflows/runs/{runId}/trace": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events of a run in the order of their arrival (`sequence`) */
        get: operations["getRunTrace"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workflows/runs/{runId}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lines of a run, ordered by time; lines that arrive during paging come last, however old their own times are */
        get: operations["getRunLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workflows/runs/{runId}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events of a run folded into spans by node and attempt, by what caused them */
        get: operations["getRunTimeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workflows/runs/{runId}/loki": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lines of a run from Loki, or counts of them: LogQL in, the answer of Loki out */
        get: operations["queryRunLoki"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workflows/runs/{runId}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Asks for the cancellation of a run; the status of the run says when it has taken effect */
        post: operations["cancelRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/components": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Components: health, version and last line of each, and how far the bridges are behind the bus */
        get: operations["listComponents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/components/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lines of components, ordered by time; lines that arrive during paging come last, however old their own times are */
        get: operations["getComponentLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logs/job-runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lines of a run: of the job itself and of its tasks */
        get: operations["getJobRunLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logs/task-runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lines of one attempt of a node */
        get: operations["getTaskRunLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logs/system": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lines of components */
        get: operations["getSystemLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logs/type/{type}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All lines of one type: of components, of jobs, or of tasks */
        get: operations["getLogsByType"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logs/stream/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Connections, buffers and gaps of the live streams of this server */
        get: operations["getStreamStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Records that a store refused for good, the latest first */
        get: operations["listDeadLetters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A dead letter with its key and value, or with where they lie when they were too large to be kept */
        get: operations["getDeadLetter"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives a record back to the sink that refused it, under its original identity; answers once the bus has it. Done twice, it is stored once */
        post: operations["replayDeadLetter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Replays a page of the letters that the filters choose, and says of each that it could not replay why; go on with `nextCursor` while `hasMore` is true */
        post: operations["replayDeadLetters"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workflows/runs/{runId}/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happens in a run, as it happens: status, events and lines, until the run has ended: Server-Sent Events */
        get: operations["streamRun"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workflows/runs/{runId}/stream/ws": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happens in a run, as it happens: status, events and lines, until the run has ended: WebSocket, one JSON object a message with `event`, `id` and `data` */
        get: operations["streamRunWebSocket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/components/logs/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lines of components, as they come: Server-Sent Events */
        get: operations["streamComponents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/components/logs/stream/ws": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lines of components, as they come: WebSocket, one JSON object a message with `event`, `id` and `data` */
        get: operations["streamComponentsWebSocket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logs/stream/sse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lines as they come, of all runs and components or only of those asked for; the stream of one run ends with the run. A `log` event holds a line as these lists do: Server-Sent Events */
        get: operations["streamLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logs/stream/ws": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lines as they come, of all runs and components or only of those asked for; the stream of one run ends with the run. A `log` event holds a line as these lists do: WebSocket, one JSON object a message with `event`, `id` and `data` */
        get: operations["streamLogsWebSocket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        RunPage: {
            runs: components["schemas"]["ExecutionStatus"][];
            hasMore: boolean;
            /** @description Opaque; give it back unchanged */
            nextCursor?: string;
            degraded?: components["schemas"]["Degradation"][];
        };
        TracePage: {
            runId: string;
            events: components["schemas"]["StoredEvent"][];
            hasMore: boolean;
            /** @description Opaque; give it back unchanged */
            nextCursor?: string;
            degraded?: components["schemas"]["Degradation"][];
        };
        LogPage: {
            runId: string;
            logs: components["schemas"]["StoredLog"][];
            hasMore: boolean;
            /** @description Opaque; give it back unchanged */
            nextCursor?: string;
            degraded?: components["schemas"]["Degradation"][];
        };
        Problem: {
            /** @description Address of the code in the documentation */
            type: string;
            title: string;
            status: number;
            /** @description One of the documented codes */
            code: string;
            detail?: string;
            instance?: string;
            /** @description The parameter at fault */
            parameter?: string;
            /** @description Where in the parameter's text the fault is, in UTF-16 units from 0 */
            position?: number;
        };
        RunTimeline: {
            /** @description The run; also the Temporal workflow id */
            runId: string;
            /** @description Organisation; missing means `unassigned` */
            orgId?: string;
            /** @description The workflow definition that the run is one of */
            workflowId?: string;
            /** @description The run; also the Temporal workflow id */
            parentRunId?: string;
            executions: components["schemas"]["ExecutionSpan"][];
            /** @description How many events it was folded from */
            events: number;
            /** @description The run has more events than are folded at a time: what came last is missing */
            hasMore: boolean;
        };
        ExecutionSpan: {
            /** @description Counts the Temporal runs of one workflow id: 1 unless reset, retried or continued */
            execution: number;
            /** @enum {string} */
            state: "QUEUED" | "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED" | "TERMINATED" | "TIMED_OUT";
            /** @description RFC 3339, up to nanoseconds */
            startedAt?: string;
            /** @description RFC 3339, up to nanoseconds */
            endedAt?: string;
            /** @description Only when both ends are known */
            durationMs?: number;
            error?: components["schemas"]["TraceError"];
            temporalRunId?: string;
            /** @description The Temporal run that goes on in its place */
            continuedBy?: string;
            nodes: components["schemas"]["NodeSpan"][];
        };
        NodeSpan: {
            /** @description The node of the graph; also the Temporal activity id */
            nodeRef: string;
            /** @description Of its latest attempt; or `WAITING`, `RETRYING`, `SKIPPED` */
            state: string;
            /** @description Nodes that come before it */
            after: string[];
            /** @description RFC 3339, up to nanoseconds */
            startedAt?: string;
            /** @description RFC 3339, up to nanoseconds */
            endedAt?: string;
            /** @description Only when both ends are known */
            durationMs?: number;
            error?: components["schemas"]["TraceError"];
            /** @description RFC 3339, up to nanoseconds */
            scheduledAt?: string;
            /** @description From when it could begin to its start */
            queueMs?: number;
            attempts: components["schemas"]["AttemptSpan"][];
        };
        AttemptSpan: {
            /** @description Attempt of the node, from 1 */
            attempt: number;
            /** @description `SCHEDULED`, `RUNNING`, `COMPLETED`, `FAILED`, `TIMED_OUT`, `CANCELLED` or `ABANDONED` */
            state: string;
            /** @description RFC 3339, up to nanoseconds */
            startedAt?: string;
            /** @description RFC 3339, up to nanoseconds */
            endedAt?: string;
            /** @description Only when both ends are known */
            durationMs?: number;
            error?: components["schemas"]["TraceError"];
            /** @description RFC 3339, up to nanoseconds */
            readyAt?: string;
            /** @description From when it could begin to its start */
            queueMs?: number;
            progress: {
                /** @description RFC 3339, up to nanoseconds */
                at: string;
                /** @enum {string} */
                level: "debug" | "info" | "warn" | "error";
                message: string;
                data?: unknown;
            }[];
            outputSummary?: unknown;
        };
        TraceError: {
            message: string;
            /** @description Class or code of the error, such as `TimeoutError` */
            type: string;
            retryable: boolean;
            stack?: string;
        };
        LokiAnswer: {
            /** @constant */
            status: "success";
            data: {
                /**
                 * @description Lines, or the series of a metric query
                 * @enum {string}
                 */
                resultType: "streams" | "matrix";
                encodingFlags?: string[];
                result: (components["schemas"]["LokiStream"] | components["schemas"]["LokiSeries"])[];
                /** @description Loki's own account of its work */
                stats?: unknown;
            };
            warnings?: string[];
        };
        LokiStream: {
            stream: {
                [key: string]: string;
            };
            values: unknown[][];
        };
        LokiSeries: {
            metric: {
                [key: string]: string;
            };
            values: unknown[][];
        };
        UnifiedLogPage: {
            logs: components["schemas"]["UnifiedLog"][];
            limit: number;
            offset: number;
            has_more: boolean;
            /** @description Opaque; give it back as `cursor`, without `offset` */
            next_cursor?: string;
            degraded?: components["schemas"]["Degradation"][];
        };
        UnifiedLog: {
            /**
             * @description Whose entry it is: a component, a run, or one attempt of a node
             * @enum {string}
             */
            type: "system" | "job" | "task";
            /** @description The run; also the Temporal workflow id */
            job_run_id?: string;
            task_run_id?: string;
            /** @description The component that speaks, for system entries */
            component?: string;
            /** @description RFC 3339, up to nanoseconds */
            timestamp: string;
            /** @enum {string} */
            level: "debug" | "info" | "warn" | "error";
            /** @description `stdout`, `stderr`, `system` or a registered custom stream such as `terminal` or `agent` */
            stream: string;
            message: string;
            metadata?: Record<string, unknown>;
        };
        StreamStatus: {
            connections: {
                sse: number;
                ws: number;
            };
            max_connections: number;
            /** @description Streams refused because as many were open, since the start */
            refused: number;
            /** @description One for each run that is followed, one for all components, and one for all lines */
            buffers: {
                /**
                 * @description Whose lines are followed
                 * @enum {string}
                 */
                kind: "run" | "components" | "all";
                /** @description The run; also the Temporal workflow id */
                job_run_id?: string;
                followers: number;
                items: number;
                bytes: number;
                /** @description Beyond this, its oldest lines and events are dropped */
                max_bytes: number;
                /** @description Lines and events that it has dropped */
                dropped: number;
            }[];
            /** @description Gaps told to readers that were too slow, since the start */
            gaps: number;
            /** @description Lines and events that lay in those gaps, before any filter */
            skipped: number;
            /** @description Are the announcements of the trace store heard? Else it is polled */
            listening: boolean;
        };
        StreamGap: {
            /** @description Cursor from which what is missing can be read: as `cursor` of `/logs`, or as `from` */
            from: string;
            /** @description Cursor at which the stream goes on */
            to: string;
            /** @description How many lines and events lie between, before any filter */
            skipped: number;
        };
        StreamDone: {
            /**
             * @description `complete`: all that was sent is there; `grace`: the time for what was still missing has run out, see `status`
             * @enum {string}
             */
            verdict: "complete" | "grace";
            status: components["schemas"]["ExecutionStatus"];
        };
        ComponentStreamStatus: {
            degraded?: components["schemas"]["Degradation"][];
        };
        ComponentLogPage: {
            logs: components["schemas"]["StoredLog"][];
            hasMore: boolean;
            /** @description Opaque; give it back unchanged */
            nextCursor?: string;
            degraded?: components["schemas"]["Degradation"][];
        };
        ComponentList: {
            components: components["schemas"]["ComponentState"][];
            degraded?: components["schemas"]["Degradation"][];
        };
        ComponentState: {
            name: string;
            /** @description As the API finds it; missing for a component that it does not ask */
            health?: {
                ok: boolean;
                detail?: string;
            };
            /** @description As the component says it */
            version?: string;
            /** @description RFC 3339, up to nanoseconds */
            lastLineAt?: string;
            /** @description Lines stored of it so far */
            lines?: number;
            /** @description For a bridge: how far it is behind the bus */
            lag?: components["schemas"]["PartitionLag"][];
        };
        PartitionLag: {
            topic: string;
            partition: number;
            /** @description Records on the bus that the sink has not acknowledged yet */
            records: number;
        };
        ExecutionStatus: {
            /** @description The run; also the Temporal workflow id */
            runId: string;
            /** @description Organisation; missing means `unassigned` */
            orgId: string;
            /** @description The workflow definition that the run is one of */
            workflowId?: string;
            /** @description Counts the Temporal runs of one workflow id: 1 unless reset, retried or continued */
            execution: number;
            /** @description The run; also the Temporal workflow id */
            parentRunId?: string;
            /** @enum {string} */
            status: "QUEUED" | "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED" | "TERMINATED" | "TIMED_OUT";
            /** @description RFC 3339, up to nanoseconds */
            startedAt?: string;
            /** @description RFC 3339, up to nanoseconds */
            updatedAt: string;
            /** @description RFC 3339, up to nanoseconds */
            completedAt?: string;
            progress: components["schemas"]["Progress"];
            failure?: components["schemas"]["Failure"];
            telemetry: {
                loki: components["schemas"]["StoreCompleteness"];
                postgres: components["schemas"]["StoreCompleteness"];
            };
            degraded?: components["schemas"]["Degradation"][];
        };
        Progress: {
            completedActions: number;
            /** @description Nodes of the declared graph; 0 while it is not known */
            totalActions: number;
        };
        Failure: {
            /** @description Class or code of the failure */
            reason: string;
            message: string;
            /** @description The node of the graph; also the Temporal activity id */
            nodeRef?: string;
            /** @description The event's `data.details`; left out where they nest more than 500 levels, then only the event has them */
            details?: unknown;
        };
        StoreCompleteness: {
            /** @enum {string} */
            state: "unknown" | "missing" | "arriving" | "dropped" | "complete";
            /** @description Records left out by policy before they were sent */
            dropped: number;
            /** @description Records that were sent and are not in the store */
            missing: {
                producerId: string;
                topic: string;
                ranges: {
                    from: number;
                    to: number;
                }[];
            }[];
            /** @description Attempts whose producer has not closed */
            unclosed: {
                /** @description The node of the graph; also the Temporal activity id */
                nodeRef: string;
                /** @description Counts the Temporal runs of one workflow id: 1 unless reset, retried or continued */
                execution: number;
                /** @description Attempt of the node, from 1 */
                attempt: number;
                /** @description Highest sequence number seen of it */
                knownUpTo: number;
            }[];
        };
        Degradation: {
            component: string;
            reason: string;
        };
        StoredLog: components["schemas"]["LogEntry"] & {
            /** @description RFC 3339, up to nanoseconds */
            effectiveTs: string;
            /** @description `<partition>:<offset>` on the bus */
            position: string;
            taskRunId?: string;
        };
        StoredEvent: components["schemas"]["TraceEvent"] & {
            /** @description `sequence` as text */
            id: string;
            /** @description Dense per run, the order of arrival */
            sequence: number;
            /** @description RFC 3339, up to nanoseconds */
            effectiveTs: string;
        };
        LogEntry: {
            /** @description 1; a higher one only adds fields */
            schemaVersion: number;
            /**
             * @description Whose entry it is: a component, a run, or one attempt of a node
             * @enum {string}
             */
            type: "system" | "job" | "task";
            /** @description Organisation; missing means `unassigned` */
            orgId?: string;
            /** @description The workflow definition that the run is one of */
            workflowId?: string;
            /** @description The run; also the Temporal workflow id */
            runId?: string;
            /** @description Counts the Temporal runs of one workflow id: 1 unless reset, retried or continued */
            execution?: number;
            /** @description The node of the graph; also the Temporal activity id */
            nodeRef?: string;
            /** @description Attempt of the node, from 1 */
            attempt?: number;
            /** @description The component that speaks, for system entries */
            component?: string;
            /** @description RFC 3339, up to nanoseconds */
            timestamp: string;
            /** @enum {string} */
            level: "debug" | "info" | "warn" | "error";
            /** @description `stdout`, `stderr`, `system` or a registered custom stream such as `terminal` or `agent` */
            stream: string;
            /** @description The line, without its line end */
            message: string;
            /** @description Structured context; any JSON object */
            metadata?: Record<string, unknown>;
            /** @description W3C trace context of the code that logged */
            trace?: {
                traceId: string;
                spanId: string;
            };
            /** @description Identity of the record within its topic */
            producer?: {
                /** @description New for each execution context and topic */
                id: string;
                /** @description Counts from 1 */
                seq: number;
            };
        };
        TraceEvent: {
            /** @description 1; a higher one only adds fields */
            schemaVersion: number;
            /** @description Organisation; missing means `unassigned` */
            orgId?: string;
            /** @description The workflow definition that the run is one of */
            workflowId?: string;
            /** @description The run; also the Temporal workflow id */
            runId: string;
            /** @description Counts the Temporal runs of one workflow id: 1 unless reset, retried or continued */
            execution: number;
            /** @description The node of the graph; also the Temporal activity id */
            nodeRef?: string;
            /** @description Attempt of the node, from 1 */
            attempt: number;
            /** @enum {string} */
            type: "RUN_STARTED" | "NODE_SCHEDULED" | "NODE_STARTED" | "NODE_PROGRESS" | "NODE_RETRYING" | "NODE_COMPLETED" | "NODE_FAILED" | "NODE_SKIPPED" | "RUN_COMPLETED" | "RUN_FAILED" | "RUN_CANCELLED" | "RUN_TERMINATED" | "RUN_TIMED_OUT" | "PRODUCER_CLOSED";
            /** @enum {string} */
            level: "debug" | "info" | "warn" | "error";
            message: string;
            /** @description RFC 3339, up to nanoseconds */
            timestamp: string;
            error?: components["schemas"]["TraceError"];
            /** @description What the node produced, in short; any JSON value */
            outputSummary?: unknown;
            /** @description Depends on the type */
            data?: Record<string, unknown>;
            /** @description Keys (`execution/nodeRef/attempt/type`) of the events that led to it */
            causes?: string[];
            /** @description Identity of the record within its topic */
            producer?: {
                /** @description New for each execution context and topic */
                id: string;
                /** @description Counts from 1 */
                seq: number;
            };
        };
        /** @description With a `runId` of your own, of at most 1,000 bytes in UTF-8, it can be repeated: the same request gives the same run, another one with this id a 409 */
        StartRun: {
            /**
             * @description The workflow to run; this one if left out
             * @enum {string}
             */
            workflowId?: "dependency-audit";
            /** @description The run; also the Temporal workflow id */
            runId?: string;
            /** @description Organisation; missing means `unassigned` */
            orgId?: string;
            inputs?: components["schemas"]["AuditInputs"];
        };
        AuditInputs: {
            /** @description Parts that the packages are divided into; 3 if left out */
            shards?: number;
            /** @description Attempts that each node has; 3 if left out */
            attempts?: number;
            /** @description Time that one attempt has, in milliseconds; 300,000 if left out */
            timeoutMs?: number;
            /** @description By the name of a node (`read-lock`, `licences-1`, …): what it is made to do besides its work */
            faults?: {
                [key: string]: components["schemas"]["Fault"];
            };
        };
        Fault: {
            /** @description Fails for good: no attempt can help */
            fail?: boolean;
            /** @description Fails in so many attempts, then works */
            failTimes?: number;
            /** @description Waits until it is cancelled, or its time is over */
            hang?: boolean;
            /** @description Logs so many lines before its work */
            lines?: number;
        };
        StartedRun: {
            /** @description The run; also the Temporal workflow id */
            runId: string;
            /** @description The workflow definition that the run is one of */
            workflowId: string;
            /** @description Temporal's own id of this execution */
            temporalRunId: string;
        };
        CancelledRun: {
            /** @description The run; also the Temporal workflow id */
            runId: string;
            /** @enum {string} */
            status: "QUEUED" | "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED" | "TERMINATED" | "TIMED_OUT";
        };
        DeadLetterPage: {
            deadLetters: components["schemas"]["DeadLetterSummary"][];
            hasMore: boolean;
            /** @description Opaque; give it back unchanged */
            nextCursor?: string;
            degraded?: components["schemas"]["Degradation"][];
        };
        DeadLetterSummary: {
            /** @description The dead letter */
            id: string;
            /**
             * @description The sink that refused it
             * @enum {string}
             */
            sink: "loki" | "postgres";
            /** @enum {string} */
            reason: "encoding" | "json" | "schema" | "org" | "unrepresentable" | "too_large" | "refused" | "unreadable";
            /** @description What is wrong: the field, or the store's own words */
            detail: string;
            origin: components["schemas"]["Origin"];
            /** @enum {string} */
            state: "open" | "replaying" | "replayed" | "refused_again";
            /** @description RFC 3339, up to nanoseconds */
            failedAt: string;
            /** @description How often it was refused */
            refusals: number;
            /** @description How often it was replayed */
            replays: number;
            /** @description Size of its value */
            valueBytes: number;
            /** @description Key and value are kept with the letter; otherwise they lie on the bus, at `origin`, while it has them */
            kept: boolean;
        };
        DeadLetterDetail: {
            /** @description The dead letter */
            id: string;
            /**
             * @description The sink that refused it
             * @enum {string}
             */
            sink: "loki" | "postgres";
            /** @enum {string} */
            reason: "encoding" | "json" | "schema" | "org" | "unrepresentable" | "too_large" | "refused" | "unreadable";
            /** @description What is wrong: the field, or the store's own words */
            detail: string;
            origin: components["schemas"]["Origin"];
            /** @enum {string} */
            state: "open" | "replaying" | "replayed" | "refused_again";
            /** @description RFC 3339, up to nanoseconds */
            failedAt: string;
            /** @description How often it was refused */
            refusals: number;
            /** @description How often it was replayed */
            replays: number;
            /** @description Size of its value */
            valueBytes: number;
            /** @description Key and value are kept with the letter; otherwise they lie on the bus, at `origin`, while it has them */
            kept: boolean;
            /** @description Base64 of the original key; left out where it has none */
            key?: string;
            /** @description Base64 of the original value; left out where it is not kept */
            value?: string;
            degraded?: components["schemas"]["Degradation"][];
        };
        ReplayedLetter: {
            /** @description The dead letter */
            id: string;
            /** @description The same for each replay of this letter */
            replayId: string;
            /** @description The replay topic of its sink */
            topic: string;
            partition: number;
            /** @description Where the bus has acknowledged it */
            offset: string;
        };
        ReplayPage: {
            replayed: components["schemas"]["ReplayedLetter"][];
            skipped: {
                /** @description The dead letter */
                id: string;
                code: string;
                detail: string;
            }[];
            hasMore: boolean;
            /** @description Opaque; give it back unchanged to go on */
            nextCursor?: string;
        };
        Origin: {
            generation: string;
            topic: string;
            partition: number;
            offset: string;
            /** @description RFC 3339, up to nanoseconds */
            appendedAt: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listRuns: {
        parameters: {
            query?: {
                /** @description Only runs in this state */
                status?: "QUEUED" | "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED" | "TERMINATED" | "TIMED_OUT";
                /** @description The workflow definition that the run is one of */
                workflow?: string;
                /** @description Runs whose first event reached the bus at or after this time: RFC 3339, or how long ago, such as `15m` */
                since?: string;
                /** @description Runs whose first event reached the bus at or before this time: RFC 3339, or how long ago, such as `15m` */
                until?: string;
                /** @description `nextCursor` of the page before, unchanged, with the same other parameters */
                cursor?: string;
                /** @description Most items of a page */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunPage"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid; RL_CURSOR_INVALID: The cursor does not belong to this list */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startRun: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartRun"];
            };
        };
        responses: {
            /** @description The run had been started before, by the same request */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StartedRun"];
                };
            };
            /** @description The run was started */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StartedRun"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_RUN_EXISTS: There is another run with this id */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_BODY_TOO_LARGE: The body of the request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_MEDIA_TYPE_UNSUPPORTED: The body of the request is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached; RL_ENGINE_UNAVAILABLE: Temporal cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRunStatus: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The run; also the Temporal workflow id */
                runId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionStatus"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_RUN_NOT_FOUND: No run has this id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRunTrace: {
        parameters: {
            query?: {
                /** @description Oldest first, or newest first */
                direction?: "forward" | "backward";
                /** @description `nextCursor` of the page before, unchanged, with the same other parameters */
                cursor?: string;
                /** @description Most events of a page */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The run; also the Temporal workflow id */
                runId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TracePage"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid; RL_CURSOR_INVALID: The cursor does not belong to this list */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_RUN_NOT_FOUND: No run has this id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRunLogs: {
        parameters: {
            query?: {
                /** @description The node; repeat the parameter for several nodes */
                nodeRef?: string[];
                /** @description Attempt of the node, from 1 */
                attempt?: number;
                /** @description Levels, comma-separated */
                level?: string;
                /** @description Streams, comma-separated */
                stream?: string;
                /** @description Earliest time: RFC 3339, or how long ago, such as `15m` */
                since?: string;
                /** @description Latest time: RFC 3339, or how long ago, such as `15m` */
                until?: string;
                /** @description Regular expression in RE2's syntax; only lines whose message has a match */
                grep?: string;
                /** @description Oldest first, or newest first */
                direction?: "forward" | "backward";
                /** @description `nextCursor` of the page before, unchanged, with the same other parameters; or `end`: only what arrives from now on */
                cursor?: string;
                /** @description Most items of a page */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The run; also the Temporal workflow id */
                runId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogPage"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid; RL_CURSOR_INVALID: The cursor does not belong to this list */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_RUN_NOT_FOUND: No run has this id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRunTimeline: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The run; also the Temporal workflow id */
                runId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunTimeline"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_RUN_NOT_FOUND: No run has this id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    queryRunLoki: {
        parameters: {
            query?: {
                /** @description LogQL as docs/logql.md describes it; it is bound to the run, whatever its selector says */
                query?: string;
                /** @description The node of the graph; also the Temporal activity id */
                nodeRef?: string;
                /** @description Attempt of the node, from 1 */
                attempt?: number;
                /** @description Earliest time: RFC 3339, or how long ago, such as `15m` */
                since?: string;
                /** @description Latest time: RFC 3339, or how long ago, such as `15m` */
                until?: string;
                /** @description Most lines */
                limit?: number;
                /** @description Oldest first, or newest first */
                direction?: "forward" | "backward";
                /** @description Of a metric query: time from one value to the next, such as `15s`; seconds without a unit */
                step?: string;
            };
            header?: never;
            path: {
                /** @description The run; also the Temporal workflow id */
                runId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LokiAnswer"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid; RL_LOGQL_INVALID: The LogQL query is not accepted; RL_ANSWER_TOO_LARGE: The answer is too large */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_RUN_NOT_FOUND: No run has this id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The run; also the Temporal workflow id */
                runId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Temporal was asked to cancel the run */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CancelledRun"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_RUN_NOT_FOUND: No run has this id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_RUN_ENDED: The run has ended already */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_BODY_TOO_LARGE: The body of the request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_MEDIA_TYPE_UNSUPPORTED: The body of the request is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached; RL_ENGINE_UNAVAILABLE: Temporal cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listComponents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ComponentList"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getComponentLogs: {
        parameters: {
            query?: {
                /** @description Components, comma-separated; all of them if not given */
                component?: string;
                /** @description Levels, comma-separated */
                level?: string;
                /** @description Streams, comma-separated */
                stream?: string;
                /** @description Earliest time: RFC 3339, or how long ago, such as `15m` */
                since?: string;
                /** @description Latest time: RFC 3339, or how long ago, such as `15m` */
                until?: string;
                /** @description Regular expression in RE2's syntax; only lines whose message has a match */
                grep?: string;
                /** @description Oldest first, or newest first */
                direction?: "forward" | "backward";
                /** @description `nextCursor` of the page before, unchanged, with the same other parameters; or `end`: only what arrives from now on */
                cursor?: string;
                /** @description Most items of a page */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ComponentLogPage"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid; RL_CURSOR_INVALID: The cursor does not belong to this list */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getJobRunLogs: {
        parameters: {
            query?: {
                /** @description The node; repeat the parameter for several nodes */
                node_ref?: string[];
                /** @description Attempt of the node, from 1 */
                attempt?: number;
                /** @description Levels, comma-separated */
                level?: string;
                /** @description Streams, comma-separated */
                stream?: string;
                /** @description Earliest time: RFC 3339, or how long ago, such as `15m` */
                since?: string;
                /** @description Latest time: RFC 3339, or how long ago, such as `15m` */
                until?: string;
                /** @description Regular expression in RE2's syntax; only lines whose message has a match */
                grep?: string;
                /** @description Oldest first, or newest first */
                direction?: "forward" | "backward";
                /** @description `next_cursor` of the page before, unchanged, with the same other parameters and without `offset`; or `end`: only what arrives from now on */
                cursor?: string;
                /** @description Most items of a page */
                limit?: number;
                /** @description Lines to leave out first; beyond 10000 go on with `next_cursor` as `cursor` */
                offset?: number;
            };
            header?: never;
            path: {
                /** @description The run; also the Temporal workflow id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnifiedLogPage"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid; RL_CURSOR_INVALID: The cursor does not belong to this list */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_RUN_NOT_FOUND: No run has this id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTaskRunLogs: {
        parameters: {
            query?: {
                /** @description Levels, comma-separated */
                level?: string;
                /** @description Streams, comma-separated */
                stream?: string;
                /** @description Earliest time: RFC 3339, or how long ago, such as `15m` */
                since?: string;
                /** @description Latest time: RFC 3339, or how long ago, such as `15m` */
                until?: string;
                /** @description Regular expression in RE2's syntax; only lines whose message has a match */
                grep?: string;
                /** @description Oldest first, or newest first */
                direction?: "forward" | "backward";
                /** @description `next_cursor` of the page before, unchanged, with the same other parameters and without `offset`; or `end`: only what arrives from now on */
                cursor?: string;
                /** @description Most items of a page */
                limit?: number;
                /** @description Lines to leave out first; beyond 10000 go on with `next_cursor` as `cursor` */
                offset?: number;
            };
            header?: never;
            path: {
                /** @description `task_run_id` of a line, percent-encoded */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnifiedLogPage"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid; RL_CURSOR_INVALID: The cursor does not belong to this list */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_RUN_NOT_FOUND: No run has this id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSystemLogs: {
        parameters: {
            query?: {
                /** @description Components, comma-separated; all of them if not given */
                component?: string;
                /** @description Levels, comma-separated */
                level?: string;
                /** @description Streams, comma-separated */
                stream?: string;
                /** @description Earliest time: RFC 3339, or how long ago, such as `15m` */
                since?: string;
                /** @description Latest time: RFC 3339, or how long ago, such as `15m` */
                until?: string;
                /** @description Regular expression in RE2's syntax; only lines whose message has a match */
                grep?: string;
                /** @description Oldest first, or newest first */
                direction?: "forward" | "backward";
                /** @description `next_cursor` of the page before, unchanged, with the same other parameters and without `offset`; or `end`: only what arrives from now on */
                cursor?: string;
                /** @description Most items of a page */
                limit?: number;
                /** @description Lines to leave out first; beyond 10000 go on with `next_cursor` as `cursor` */
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnifiedLogPage"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid; RL_CURSOR_INVALID: The cursor does not belong to this list */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getLogsByType: {
        parameters: {
            query?: {
                /** @description Only lines of this organisation; `unassigned` for lines that name none */
                org_id?: string;
                /** @description Levels, comma-separated */
                level?: string;
                /** @description Streams, comma-separated */
                stream?: string;
                /** @description Earliest time: RFC 3339, or how long ago, such as `15m` */
                since?: string;
                /** @description Latest time: RFC 3339, or how long ago, such as `15m` */
                until?: string;
                /** @description Regular expression in RE2's syntax; only lines whose message has a match */
                grep?: string;
                /** @description Oldest first, or newest first */
                direction?: "forward" | "backward";
                /** @description `next_cursor` of the page before, unchanged, with the same other parameters and without `offset`; or `end`: only what arrives from now on */
                cursor?: string;
                /** @description Most items of a page */
                limit?: number;
                /** @description Lines to leave out first; beyond 10000 go on with `next_cursor` as `cursor` */
                offset?: number;
            };
            header?: never;
            path: {
                /** @description Whose entry it is: a component, a run, or one attempt of a node */
                type: "system" | "job" | "task";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnifiedLogPage"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid; RL_CURSOR_INVALID: The cursor does not belong to this list */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getStreamStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamStatus"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDeadLetters: {
        parameters: {
            query?: {
                /** @description Only what this sink refused */
                sink?: "loki" | "postgres";
                /** @description Only what was refused for this reason */
                reason?: "encoding" | "json" | "schema" | "org" | "unrepresentable" | "too_large" | "refused" | "unreadable";
                /** @description Only records that were first on this topic */
                topic?: string;
                /** @description Only letters in this state */
                state?: "open" | "replaying" | "replayed" | "refused_again";
                /** @description Earliest time of the first refusal: RFC 3339, or how long ago, such as `15m` */
                since?: string;
                /** @description Latest time of the first refusal: RFC 3339, or how long ago, such as `15m` */
                until?: string;
                /** @description `nextCursor` of the page before, unchanged, with the same other parameters */
                cursor?: string;
                /** @description Most items of a page */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterPage"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid; RL_CURSOR_INVALID: The cursor does not belong to this list */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The dead letter */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterDetail"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_DEAD_LETTER_NOT_FOUND: No dead letter has this id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replayDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The dead letter */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReplayedLetter"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_DEAD_LETTER_NOT_FOUND: No dead letter has this id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_DEAD_LETTER_NOT_REPLAYABLE: The dead letter cannot be replayed */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_DEAD_LETTER_GONE: The record is no longer on the bus */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_BODY_TOO_LARGE: The body of the request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_MEDIA_TYPE_UNSUPPORTED: The body of the request is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached; RL_BUS_UNAVAILABLE: The telemetry bus cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replayDeadLetters: {
        parameters: {
            query?: {
                /** @description Only what this sink refused */
                sink?: "loki" | "postgres";
                /** @description Only what was refused for this reason */
                reason?: "encoding" | "json" | "schema" | "org" | "unrepresentable" | "too_large" | "refused" | "unreadable";
                /** @description Only records that were first on this topic */
                topic?: string;
                /** @description Only letters in this state */
                state?: "open" | "replaying" | "replayed" | "refused_again";
                /** @description Earliest time of the first refusal: RFC 3339, or how long ago, such as `15m` */
                since?: string;
                /** @description Latest time of the first refusal: RFC 3339, or how long ago, such as `15m` */
                until?: string;
                /** @description `nextCursor` of the page before, unchanged, with the same other parameters */
                cursor?: string;
                /** @description Most items of a page */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReplayPage"];
                };
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid; RL_CURSOR_INVALID: The cursor does not belong to this list */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_BODY_TOO_LARGE: The body of the request is too large */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_MEDIA_TYPE_UNSUPPORTED: The body of the request is not JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached; RL_BUS_UNAVAILABLE: The telemetry bus cannot be reached */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    streamRun: {
        parameters: {
            query?: {
                /** @description Where it begins: `start`, `end`, `-1000` (the last 1,000 lines; at most 10000), or a cursor; `start` if not given */
                from?: string;
                /** @description Which of `status`, `trace` and `log`, comma-separated; all of them if not given */
                events?: string;
                /** @description The node; repeat the parameter for several nodes */
                nodeRef?: string[];
                /** @description Attempt of the node, from 1 */
                attempt?: number;
                /** @description Levels, comma-separated */
                level?: string;
                /** @description Streams, comma-separated */
                stream?: string;
                /** @description Earliest time: RFC 3339, or how long ago, such as `15m` */
                since?: string;
                /** @description Latest time: RFC 3339, or how long ago, such as `15m` */
                until?: string;
                /** @description Regular expression in RE2's syntax; only lines whose message has a match */
                grep?: string;
            };
            header?: {
                /** @description Cursor that a browser sends when it connects again; used in place of `from` */
                "last-event-id"?: string;
            };
            path: {
                /** @description The run; also the Temporal workflow id */
                runId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream; `id` of an event is the cursor after it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description The reader has had everything already */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid; RL_CURSOR_INVALID: The cursor does not belong to this list */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_RUN_NOT_FOUND: No run has this id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_SHUTTING_DOWN: The server is being stopped; RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached; RL_TOO_MANY_STREAMS: The server has as many live streams as it can carry */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    streamRunWebSocket: {
        parameters: {
            query?: {
                /** @description Where it begins: `start`, `end`, `-1000` (the last 1,000 lines; at most 10000), or a cursor; `start` if not given */
                from?: string;
                /** @description Which of `status`, `trace` and `log`, comma-separated; all of them if not given */
                events?: string;
                /** @description The node; repeat the parameter for several nodes */
                nodeRef?: string[];
                /** @description Attempt of the node, from 1 */
                attempt?: number;
                /** @description Levels, comma-separated */
                level?: string;
                /** @description Streams, comma-separated */
                stream?: string;
                /** @description Earliest time: RFC 3339, or how long ago, such as `15m` */
                since?: string;
                /** @description Latest time: RFC 3339, or how long ago, such as `15m` */
                until?: string;
                /** @description Regular expression in RE2's syntax; only lines whose message has a match */
                grep?: string;
            };
            header?: never;
            path: {
                /** @description The run; also the Temporal workflow id */
                runId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid; RL_CURSOR_INVALID: The cursor does not belong to this list */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_RUN_NOT_FOUND: No run has this id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_UPGRADE_REQUIRED: This address speaks WebSocket only */
            426: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_SHUTTING_DOWN: The server is being stopped; RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached; RL_TOO_MANY_STREAMS: The server has as many live streams as it can carry */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    streamComponents: {
        parameters: {
            query?: {
                /** @description Where it begins: `start`, `end`, `-1000` (the last 1,000 lines; at most 10000), or a cursor; `end` if not given */
                from?: string;
                /** @description Components, comma-separated; all of them if not given */
                component?: string;
                /** @description Levels, comma-separated */
                level?: string;
                /** @description Streams, comma-separated */
                stream?: string;
                /** @description Earliest time: RFC 3339, or how long ago, such as `15m` */
                since?: string;
                /** @description Latest time: RFC 3339, or how long ago, such as `15m` */
                until?: string;
                /** @description Regular expression in RE2's syntax; only lines whose message has a match */
                grep?: string;
            };
            header?: {
                /** @description Cursor that a browser sends when it connects again; used in place of `from` */
                "last-event-id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream; `id` of an event is the cursor after it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description The reader has had everything already */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid; RL_CURSOR_INVALID: The cursor does not belong to this list */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_SHUTTING_DOWN: The server is being stopped; RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached; RL_TOO_MANY_STREAMS: The server has as many live streams as it can carry */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    streamComponentsWebSocket: {
        parameters: {
            query?: {
                /** @description Where it begins: `start`, `end`, `-1000` (the last 1,000 lines; at most 10000), or a cursor; `end` if not given */
                from?: string;
                /** @description Components, comma-separated; all of them if not given */
                component?: string;
                /** @description Levels, comma-separated */
                level?: string;
                /** @description Streams, comma-separated */
                stream?: string;
                /** @description Earliest time: RFC 3339, or how long ago, such as `15m` */
                since?: string;
                /** @description Latest time: RFC 3339, or how long ago, such as `15m` */
                until?: string;
                /** @description Regular expression in RE2's syntax; only lines whose message has a match */
                grep?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid; RL_CURSOR_INVALID: The cursor does not belong to this list */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_UPGRADE_REQUIRED: This address speaks WebSocket only */
            426: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_SHUTTING_DOWN: The server is being stopped; RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached; RL_TOO_MANY_STREAMS: The server has as many live streams as it can carry */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    streamLogs: {
        parameters: {
            query?: {
                /** @description Where it begins: `start`, `end`, `-1000` (the last 1,000 lines; at most 10000), or a cursor; `end` if not given */
                from?: string;
                /** @description Whose entry it is: a component, a run, or one attempt of a node */
                type?: "system" | "job" | "task";
                /** @description The run; also the Temporal workflow id */
                job_run_id?: string;
                /** @description The node; repeat the parameter for several nodes */
                node_ref?: string[];
                /** @description Attempt of the node, from 1 */
                attempt?: number;
                /** @description Components, comma-separated; all of them if not given */
                component?: string;
                /** @description Only lines of this organisation; `unassigned` for lines that name none */
                org_id?: string;
                /** @description Levels, comma-separated */
                level?: string;
                /** @description Streams, comma-separated */
                stream?: string;
                /** @description Earliest time: RFC 3339, or how long ago, such as `15m` */
                since?: string;
                /** @description Latest time: RFC 3339, or how long ago, such as `15m` */
                until?: string;
                /** @description Regular expression in RE2's syntax; only lines whose message has a match */
                grep?: string;
            };
            header?: {
                /** @description Cursor that a browser sends when it connects again; used in place of `from` */
                "last-event-id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream; `id` of an event is the cursor after it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description The reader has had everything already */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid; RL_CURSOR_INVALID: The cursor does not belong to this list */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_RUN_NOT_FOUND: No run has this id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_SHUTTING_DOWN: The server is being stopped; RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached; RL_TOO_MANY_STREAMS: The server has as many live streams as it can carry */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    streamLogsWebSocket: {
        parameters: {
            query?: {
                /** @description Where it begins: `start`, `end`, `-1000` (the last 1,000 lines; at most 10000), or a cursor; `end` if not given */
                from?: string;
                /** @description Whose entry it is: a component, a run, or one attempt of a node */
                type?: "system" | "job" | "task";
                /** @description The run; also the Temporal workflow id */
                job_run_id?: string;
                /** @description The node; repeat the parameter for several nodes */
                node_ref?: string[];
                /** @description Attempt of the node, from 1 */
                attempt?: number;
                /** @description Components, comma-separated; all of them if not given */
                component?: string;
                /** @description Only lines of this organisation; `unassigned` for lines that name none */
                org_id?: string;
                /** @description Levels, comma-separated */
                level?: string;
                /** @description Streams, comma-separated */
                stream?: string;
                /** @description Earliest time: RFC 3339, or how long ago, such as `15m` */
                since?: string;
                /** @description Latest time: RFC 3339, or how long ago, such as `15m` */
                until?: string;
                /** @description Regular expression in RE2's syntax; only lines whose message has a match */
                grep?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description RL_PARAMETER_INVALID: A parameter is invalid; RL_CURSOR_INVALID: The cursor does not belong to this list */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_ORIGIN_REFUSED: A page of another site may not use the API; RL_HOST_REFUSED: The API does not answer to this host name */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_RUN_NOT_FOUND: No run has this id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_REQUEST_TIMEOUT: The request took too long to arrive */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_UPGRADE_REQUIRED: This address speaks WebSocket only */
            426: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_HEADERS_TOO_LARGE: The address and the headers of the request are too large */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_INTERNAL: The server failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description RL_SHUTTING_DOWN: The server is being stopped; RL_STORE_UNAVAILABLE: The store that holds the answer cannot be reached; RL_TOO_MANY_STREAMS: The server has as many live streams as it can carry */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
