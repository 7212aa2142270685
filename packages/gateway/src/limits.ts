/** Every bound of the gateway, with its unit in its name and its reason beside it (law 12). */
export const limits = {
  /** An entry must fit in a tlog-tiles entry bundle, whose length prefix has 16 bits. */
  entryBytes: 65_535,
  /** Each is asked about each checkpoint. */
  witnesses: 16,
  /** A witness answers within this, or counts as away for this checkpoint. */
  witnessAnswerMs: 2_000,
  /** One that was away is not asked about every checkpoint, since each would wait for it. */
  witnessRetryMs: 10_000,
  /** A few lines of signatures. */
  witnessAnswerBytes: 65_536,
  /** A folder that failed is tried again after this, and then twice as long each time. */
  mirrorRetryFirstMs: 1_000,
  /** At most: whoever makes room or mounts it again waits no longer than this. */
  mirrorRetryMs: 60_000,
  /** A stop of the gateway writes so many tiles and no more: a second or two; the next start writes the rest. */
  mirrorTilesAtClose: 1_024,
  /** How much later than now the last checkpoint may be at start: clocks are set by a second or two, not by more. */
  clockBackMs: 5_000,
  /** Larger statements are generated ones; a person could not read them anyway. */
  statementBytes: 1_048_576,
  /** Bound values are shown and digested, so they have to fit in memory several times. */
  parameterBytes: 4_194_304,
  /** Statements of one simple-query text; each is an action of its own. */
  statementsPerText: 100,
  /** Nesting of a parse tree; deeper text is refused before it can exhaust a stack. */
  parseDepth: 200,
  sessionsPerAgent: 6_000,
  pendingReviewsPerAgent: 6_000,
  /** In the long run; a team of people who do nothing else decides on fewer. */
  reviewsPerAgentPerMinute: 30,
  /** At once, after a rest: all statements of the largest text (`statementsPerText`), each of which may need one. */
  reviewsPerAgentBurst: 100,
  /** The span of `attention.approvalsPerHour`. */
  approvalBudgetMs: 3_600_000,
  /** Decisions that figures are made of, the newest: the store does nothing else meanwhile, for some 50 ms. */
  attentionJudgments: 25_000,
  /** Pending reviews that queues are counted in, and how many are looked at before others get their turn. */
  attentionPending: 1_000,
  attentionPage: 50,
  /** Canaries in a week: more of them are work, and people learn to look for them instead of at what is asked. */
  canariesPerWeek: 50,
  /** What they are chosen from. */
  canaryRequests: 200,
  /** A canary that is overdue by more is opened another time: one that comes with the end of a standstill would show. */
  canaryLateMs: 60_000,
  /** Marks of who was shown what that are remembered, so that reading again writes nothing. */
  showingsKept: 10_000,
  /** How long a person has to answer what a browser asks of their passkey. */
  passkeyCeremonyMs: 120_000,
  /** Such questions of one person that are open at once: tabs that were left. */
  passkeyCeremoniesPerPerson: 8,
  /** Laptop, telephone, two keys in a drawer, and as many again. */
  passkeysPerPerson: 10,
  /** Fewer say nothing: whoever reviews it afterwards reads why it could not wait. In characters. */
  breakGlassReasonCharacters: 20,
  /** Uses of one person whose review is open: who breaks glass more often has another problem. */
  breakGlassOpenPerPerson: 3,
  /** How long a prepared use can be signed: a person reads it whole, and fetches a key. */
  breakGlassPreparedMs: 10 * 60_000,
  /** Prepared uses of one person that are kept: tabs and commands that were left. */
  breakGlassPreparedPerPerson: 8,
  /** How often those who may review a use are reminded, until one of them has. */
  breakGlassReminderMs: 24 * 3_600_000,
  /** Uses that one list holds. */
  breakGlassListed: 100,
  /** Questions of one review; more is a conversation, and belongs elsewhere. */
  questionsPerReview: 20,
  /** From a review's opening to its preview: a person who opens it at once waits no longer than that. */
  previewMs: 1_500,
  /** What a previewer that was told to stop still has to hand over what it found. */
  previewGraceMs: 250,
  /** Previews at once for one target: evidence must not be a load. */
  previewsAtOnce: 2,
  /** Previews that wait for their turn, for one target; reviews beyond are told that there was no room. */
  previewsWaiting: 64,
  previewFindings: 20,
  /** One finding; a person reads no more of it. */
  previewTextCharacters: 20_000,
  /** One statement of a preview in the target, which ends it by itself. */
  previewStatementMs: 1_000,
  /** How long a preview waits for a lock of others: it may not queue before those who have work to do. */
  previewLockMs: 200,
  /** Messages of a session that its target owes an answer to; then the client is not read until it has answered some. */
  unansweredMessages: 10_000,
  /** From a statement with names that the gateway can't resolve, its wait for a turn included, to the target's word about them; then a person is asked. */
  analysisMs: 1_500,
  /** Such questions at once for one target. */
  analysesAtOnce: 2,
  /** Those that wait for their turn, for one target; statements beyond are put before a person without. */
  analysesWaiting: 64,
  /** Where counting stops: beyond it the exact number changes nobody's mind. */
  previewCountRows: 100_000,
  /** Estimates that one target is asked for at once; what is beyond is decided without. */
  estimatesAtOnce: 8,
  /** How long an agent's habits are remembered: a quarter has every regular report in it. */
  historyMs: 90 * 86_400_000,
  /** Rows of habits that are read at start, the latest; each is a shape of action at an hour of the day. */
  historyRows: 50_000,
  /** Datasets of one agent that are remembered; further ones go on counting as new. */
  historyDatasets: 20_000,
  /** Hours with work, over days, before an hour without any says something: a week of eight hours a day. */
  habitHours: 40,
  /** What is no burst for any agent: ten in a second, for a minute. */
  burstActionsPerMinute: 600,
  /** How many times what its busiest hours have an agent may do before it counts as a burst. */
  burstFactor: 5,
  /** How long what an agent read in another session may be what it writes now. */
  taintMs: 3_600_000,
  /** Datasets by session and classes that are remembered as read by an agent; further ones count as anything. */
  taintReads: 2_000,
  /** A scan of a target's data for classes, whole: who asked for it waits. */
  scanMs: 60_000,
  /** One statement of a scan in the target, which ends it by itself. */
  scanStatementMs: 3_000,
  /** Rows of one table: enough for a share to be known to a few hundredths. */
  scanRows: 1_000,
  /** Tables of one target, and columns of one table: their names stand in one statement, which is recorded. */
  scanDatasets: 1_000,
  scanColumns: 200,
  /** Of one value: numbers, addresses and the beginning of a key are shorter. */
  scanValueCharacters: 512,
  /** What one statement of a scan may be answered with. */
  scanAnswerBytes: 33_554_432,
  /** What the target may answer a preview with; a plan of a thousand nodes is smaller. */
  previewAnswerBytes: 4_194_304,
  /** A standing grant, from its proposal: "for two hours", never for good. */
  standingMs: 24 * 3_600_000,
  /** Uses of one standing grant; each is part of its record. */
  standingUses: 500,
  /** Standing grants of one agent that are live or voted on; each action that is held is compared with the live ones. */
  standingsPerAgent: 50,
  /** Values of one field of a standing grant; a person reads them. */
  standingValues: 100,
  /** How far back a replay looks. */
  replaySpanMs: 7 * 86_400_000,
  /** Entries that a replay reads; at 256 a time, so that traffic goes on in between. */
  replayEntries: 50_000,
  /** Actions that a replay lists of each kind. */
  replayListed: 100,
  /** Replays asked for at once: one runs, the others wait for it. */
  replaysAsked: 8,
  /** Hold outside of a transaction. */
  holdMs: 30 * 60_000,
  /** Hold inside of a transaction: locks wait with it. */
  holdInTransactionMs: 5 * 60_000,
  /** How often a waiting client is told that it still waits. */
  holdNoticeMs: 60_000,
  /** A grant, after it can be used: the waiting client uses it at once. */
  grantMs: 60_000,
  /** A grant whose client is away. */
  grantAwayMs: 5 * 60_000,
  /** From the connection to the end of authentication. */
  handshakeMs: 10_000,
  /** Upstream connections a target, unless its configuration says less; others wait for a free one. */
  upstreamPerTarget: 90,
  /** One CopyData message; drivers send 8 to 64 KiB at a time. */
  copyDataBytes: 16_777_216,
  /** How long a statement may go on after its client has left, so that its outcome can be recorded. */
  drainMs: 10_000,
  /** Startup packets are small; PostgreSQL itself refuses more. */
  startupBytes: 10_000,
  /** Bytes queued towards a slow reader before its source is paused. */
  bufferedBytes: 262_144,
  /** How long an entry that nobody waits for (an outcome) may stay in memory: a flush of its own would delay others'. */
  unawaitedFlushMs: 20,
  /** How long the event loop may wait for the disk, most of the time, before another thread does that: all clients wait. */
  journalStallMs: 1,
  /** One policy file; the largest that a person reads is far smaller. */
  policyFileBytes: 262_144,
  /** Brackets within brackets of one policy. The engine's stack overflows at about 150 and takes the engine with it. */
  policyNesting: 40,
  /** Operators of one policy outside of lists: chains nest in the engine too, and overflow at about 500. */
  policyOperators: 200,
  /** Checking all policies at start, in a worker that is ended afterwards. */
  policyCheckMs: 15_000,
  /** How often the policy files are looked at; a change is taken when it stayed the same from one look to the next. */
  policyLookMs: 2_000,
  /** Ids of rules in the record of a change; more is a new set, and the diff of the files says which. */
  policyChangeCharacters: 2_000,
  /** Distinct requests, as the policies see them, whose decision is remembered. */
  policyMemoEntries: 10_000,
  /** sallyport.yaml; more is not written by hand. */
  configurationBytes: 1_048_576,
  secretFileBytes: 65_536,
  /** Bearer tokens whose owner is remembered, good and bad ones apart, so that bad ones can't push out the good. */
  bearerCacheEntries: 1_024,
  /** Unknown agent tokens that wait for their derivation, which costs a millisecond an agent; more are refused. */
  bearerChecksWaiting: 64,
  /** A vote with its reason is far smaller. */
  apiBodyBytes: 65_536,
  /** Teams, regions and rotas of one company. */
  calendars: 100,
  /** Rules of a draft that one entry names: room for the entry's own members stays. */
  observedPolicies: 20,
  /** A longer absence is a change of groups. */
  delegationMs: 90 * 86_400_000,
  /** Unfinished ones: a right in many hands is nobody's responsibility. */
  delegationsPerPerson: 20,
  /** Made by one person, those that are over included: each is kept, and looked at with every vote. */
  delegationsPerPersonADay: 100,
  /** Changes of policy that wait: a person reads each of them whole. */
  policyChangesPending: 20,
  /** A proposal that nobody decided on in that time is judged against other facts by then. */
  policyChangeMs: 7 * 86_400_000,
  /** Files of one policy directory that are proposed, and all their text together: more than the packs by far. */
  policyChangeFiles: 100,
  policyChangeBytes: 1_048_576,
  /** Entries of the ledger that a proposal is replayed over. */
  policyReplayEntries: 50_000,
  /** Of the actions that a proposal decides otherwise; counts are of all. */
  policyReplayListed: 50,
  /** One replay, in a thread of its own. */
  policyReplayMs: 30_000,
  /** Freezes of some years. */
  daySpansPerCalendar: 100,
  /** Days and spans of one week, each written by itself. */
  hoursPerCalendar: 100,
  /** Thirty years of public holidays. */
  holidaysPerCalendar: 1_000,
  /** A week of working time lies within it, where a calendar has an hour a week; what would be later is at its end. */
  calendarSearchDays: 1_200,
  /** Days of one calendar whose working time is remembered: more than one search looks at. */
  calendarDaysKept: 2_400,
  /** A calendar rests for shorter than this: one that doesn't is a mistake, and reviews would wait for a year. */
  calendarRestDays: 366,
  /** Commands and values of one bundle; what is beyond is read when these have been decided. One review is always whole. */
  bundleBytes: 8_388_608,
  /** One answer of the API; streams of events have no end. */
  apiRequestMs: 15_000,
  /** Longer than any token of ours; what is longer isn't looked at. */
  apiTokenCharacters: 512,
  /** Events kept for clients that resume; those who were away longer read the list again. */
  apiEventsKept: 1_024,
  /** Open streams of events; each costs a socket and a subscription. */
  apiStreams: 1_000,
  /** Of one caller: its screens and its actions that wait. */
  apiStreamsPerCaller: 100,
  /** Shorter than the idle limit of common proxies (60 s). */
  apiHeartbeatMs: 15_000,
  /** How long an agent may wait for one answer about its action; proxies often end calls after a minute. */
  actionWaitMs: 60_000,
  /** How long an action that policy allows can be asked a grant for. */
  actionReadyMs: 5 * 60_000,
  /** How long the caller of an action may take to report what came of it; then it is unknown. */
  actionOutcomeMs: 60 * 60_000,
  /** Actions of one agent that are performed at once, each of which a timer and a record wait for. */
  actionsPerformedPerAgent: 1_000,
  /** How long a submitted action can be asked about; reviews may take a week, and calendars longer. */
  actionKeptMs: 30 * 86_400_000,
  /** How long the key of a request is remembered: longer than anybody repeats one. */
  requestKeyMs: 86_400_000,
  /** A grant outside of the process: its caller uses it at once. */
  tokenMs: 60_000,
  /** One attempt to tell a channel something; platforms answer within two seconds, or not at all. */
  deliveryMs: 10_000,
  /** Attempts of one channel at once: destinations that hang must not hold up its others. */
  deliveriesAtOncePerChannel: 8,
  /** The wait after the first failure; it doubles with each one. */
  deliveryFirstWaitMs: 1_000,
  /** The longest wait between two attempts, and the longest that a platform's Retry-After is honoured for. */
  deliveryLongestWaitMs: 15 * 60_000,
  /** Then it is a dead letter: a day or so, with the waits above. A count, so that setting a clock gives nothing up. */
  deliveryAttempts: 100,
  /** The longest pause of a destination that fails again and again, whatever waits for it. */
  destinationPauseMs: 60_000,
  /** Dead letters that are kept, those given up last: each is a line of a list that a person reads. */
  deadLetters: 10_000,
  /** Why an attempt failed, in one line. */
  deliveryProblemCharacters: 300,
  /** Deliveries that one message takes in at a time: each is a review that is read, and a row of one commit. */
  groupBatch: 300,
  /** Kinds of reviews that a message names; those beyond are counted together. */
  groupLines: 12,
  /** Reviews that one message stands for; those beyond get another one. */
  groupReviews: 5_000,
  /** After that a message stands too far above what people read: those that come later get another one. */
  groupJoinMs: 10 * 60_000,
  /** Reviews by which it is found out who is called to a group of them: their demands mostly name the same people. */
  groupCalledReviews: 20,
  /** A room, an address, the name of an endpoint. */
  destinationCharacters: 320,
  /** Sections of one message to Slack, as JSON, beside its frame: it refuses some 13,200 in all, by no documented rule. */
  slackMessageCharacters: 10_500,
  /** The same as a form carries it back with a click, beside what Slack adds: within `apiBodyBytes`. */
  slackEncodedCharacters: 36_000,
  /** Slack's own, for one message and one modal. */
  slackMessageBlocks: 50,
  slackModalBlocks: 100,
  /** Slack's own for a text; what is longer it refuses, or folds away. */
  slackTextCharacters: 3_000,
  /** Lines of one section; a longer one is more than a screen, and is read in the browser. */
  slackSectionLines: 100,
  /** Slack's own. */
  slackHeaderCharacters: 150,
  /** The most that Slack allows between its stamp and now; a replay is refused after it. */
  slackStampMs: 5 * 60_000,
  /** Slack shows an error after 3 s; whoever clicked is told before that what is known. */
  slackAckMs: 1_500,
  /** How long a click in a chat is tried while nothing can be recorded: later nobody remembers it. */
  chatClickMs: 15 * 60_000,
  chatClickRetryMs: 2_000,
  /** Clicks that are tried so at once; those beyond are told to come back. */
  chatClicksWaiting: 1_000,
  /** How long Slack's word on who somebody is holds: whoever is deactivated clicks no longer than that. */
  slackUserMs: 30_000,
  slackUsersKept: 10_000,
  /** Messages of a conversation that are read at once to find our own: what Slack recommends. */
  slackRead: 200,
  /** Messages of which nobody knows whether they arrived: some are on their way, the rest waits for Slack to come back. */
  slackUnanswered: 10_000,
  /** One call of Slack's Web API. */
  slackCallMs: 10_000,
  /** After a Socket Mode connection was lost: doubled from the first to the longest. */
  slackReconnectMs: 1_000,
  slackReconnectLongestMs: 60_000,
  /** In the long run and at once, for all of a workspace: Slack lets some hundreds of messages a minute into it. */
  slackPerMinute: 300,
  slackBurst: 100,
  /** The same for one channel: Slack's own is a message a second, and short bursts. Lines in threads need some of it. */
  slackRoomPerMinute: 50,
  slackRoomBurst: 4,
  /** Changes of messages in all of a workspace: Slack's own for `chat.update` (tier 3) is 50 a minute, bursts among them. */
  slackChangesPerMinute: 38,
  slackChangesBurst: 10,
  /** Between two changes of one message that stands for many reviews: people read it no quicker. */
  slackGroupMs: 3_000,
  /** People who get a message of their own; more are a room's matter. */
  slackDirectPeople: 20,
  /** Reviews that the command lists. */
  slackListed: 20,
  /** Of one card in Teams as JSON in UTF-8: what it documents for cards. */
  teamsCardBytes: 28 * 1_024,
  /** Of these, left for who is asked to refresh and what is left out. */
  teamsCardSpareBytes: 2_048,
  /** Lines of one section; a longer one is more than a screen, and is read in the browser. */
  teamsSectionLines: 100,
  /** Teams' own: people whose clients ask for a card of their own. */
  teamsRefreshed: 60,
  /** Teams shows an error to whoever clicked after some ten seconds. */
  teamsAnswerMs: 4_000,
  /** What Microsoft allows between its clock and ours. */
  teamsClockMs: 5 * 60_000,
  /** Longer than any token of the Bot Connector. */
  teamsTokenCharacters: 8_192,
  /** How long its keys are kept: what Microsoft demands at least. */
  teamsKeysMs: 24 * 3_600_000,
  /** How often they are asked for because of a key that isn't known: anybody can name one. */
  teamsKeysAgainMs: 60_000,
  /** The Bot Connector's keys are some 50 kB. */
  teamsKeysBytes: 1_048_576,
  /** An answer of Entra or of the Bot Connector; the largest is a page of a team's members. */
  teamsAnswerBytes: 262_144,
  /** One call of either. */
  teamsCallMs: 8_000,
  /** Before its end our own token is replaced: a call takes time. */
  teamsTokenSpareMs: 5 * 60_000,
  /** How long Teams' word on who somebody is holds: whoever is removed clicks no longer than that. */
  teamsMemberMs: 30_000,
  teamsMembersKept: 10_000,
  /** One record of each kind of forged request in this time: anybody can send them. */
  teamsForgeryMs: 60_000,
  /** In the long run and at once, for all of a tenant; Teams lets 30 to 50 calls a second through. */
  teamsPerMinute: 600,
  teamsBurst: 30,
  /** The same for one conversation: Teams' own are 7 in a second, 60 in 30 and 1,800 in an hour, lines among them. */
  teamsRoomPerMinute: 28,
  teamsRoomBurst: 5,
  /** Between two changes of one card that stands for many reviews: each is one of those. */
  teamsGroupMs: 5_000,
  /** For one address; mail servers take a rush of equal mail for spam, and nobody reads it. */
  mailPerMinute: 12,
  mailBurst: 10,
  /** Between two mails to one address that tell of many reviews. */
  mailGroupMs: 60_000,
  /** People who get a message of their own; more are a room's matter. */
  teamsDirectPeople: 20,
  /** After the first refused click of an account in a chat those that follow are one entry: anybody can click. */
  chatRefusedMs: 60_000,
  /** Accounts of one platform that have entries of their own in that time; those beyond share one. */
  chatRefusedAccounts: 100,
  /** Words of people, as the API takes them. */
  judgmentCharacters: 2_000,
  /** How long a link between a chat account and a person can be used, once. */
  chatLinkMs: 10 * 60_000,
  /** Such links that are open at once. */
  chatLinksOpen: 1_000,
  /** Of one account: each press makes one, and nobody's presses push out what others were given. */
  chatLinksPerAccount: 10,
  /** The longest span of one usage report. */
  usageSpanMs: 400 * 86_400_000,
} as const;

/** Bounds in force: those of above, but for what the configuration lowers. */
export type Limits = { readonly [K in keyof typeof limits]: number };
