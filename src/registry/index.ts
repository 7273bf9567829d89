export {
  apiTokenGuard,
  authenticateApiToken,
  createApiToken,
  type EndToken,
  holdAllApiTokens,
  holdApiToken,
  isReleasable,
  listApiTokens,
  type NewToken,
  releaseApiToken,
  revokeAllApiTokens,
  revokeApiToken,
  revokeLeakedToken,
  tokenFault,
} from "./api-tokens.ts";
export { type DownloadCounter, makeDownloadCounter } from "./downloads.ts";
export { ALL_POWERS, heldInWords, listActiveHolds, type NewHold, placeHold, requireNoHold } from "./holds.ts";
export { registryRoutes, type RegistryRouteOptions } from "./http.ts";
export type { MetadataLink, ProjectLink } from "./links.ts";
export { isProjectName, normalizeName } from "./names.ts";
export { type IndexRecord, impactOf, type ProjectSummary, projectSummary, reachOf, recordsOf } from "./records.ts";
export {
  acceptInvitation,
  declineInvitation,
  expireInvitations,
  invite,
  type Inviting,
  listInvitationsTo,
  voidInvitationsOf,
  withdrawInvitation,
} from "./people/invitations.ts";
export { type PlaceName, type PlaceView, viewPlace } from "./people/places.ts";
export { pagesNamedBy, removeUrl, verifyUrl } from "./people/project-urls.ts";
export { recheckPages } from "./people/recheck-pages.ts";
export {
  markRelease,
  moveBack,
  putSharerBack,
  placeNow,
  type PlaceNow,
  releaseNow,
  takePageBack,
  takePublisherBack,
  withdrawSent,
} from "./people/take-back.ts";
export { changeRole, foundOrganisation, leavePlace, moveIn, removeSharer, takeOut } from "./people/roles.ts";
export { mayChange, placeInWords, roleInWords, rolesOf } from "./people/rules.ts";
export { addPublisher, removePublisher, trustedServices } from "./publishers/publishers.ts";
export { fitOf, isService, publisherInWords, readRun, SERVICES } from "./publishers/services.ts";
export type { Publisher, PublisherIdentity, Run } from "./publishers/types.ts";
export { registryRefusals } from "./refusals.ts";
export {
  addOrganisationMember,
  assignProject,
  createOrganisation,
  grantRole,
  listCoOwners,
  sharePlace,
  listOrganisationsOf,
  listProjectsOf,
  yankRelease,
} from "./roles.ts";
export {
  eraseAccountData,
  listEveryHold,
  listRoleDates,
  listSharingData,
  listSoleOwnerships,
  pageUploads,
  type SoleOwnerships,
} from "./store/account-data.ts";
export { findInvitation as findOpenInvitation } from "./store/invitations.ts";
export { type HoldBeside, selectHoldsBeside as listHoldsBeside } from "./store/holds.ts";
export { listProjectLinks } from "./store/links.ts";
export { type ImpactCounts, listAccountsOf, type ProjectOf } from "./store/access.ts";
export { selectSharedWith as listSharedWith, type SharedThing } from "./store/people.ts";
export { listSignersInReach, type SignerInReach } from "./store/attestations.ts";
export { listPublishersBy, listPublishersInReach, type PublisherInReach } from "./store/publishers.ts";
export { sweepTemporaryFiles } from "./sweep.ts";
export { parseApiToken, TOKEN_PREFIX } from "./tokens.ts";
export type {
  ApiToken,
  DistributionFile,
  FileType,
  Hold,
  Invitation,
  Organisation,
  OrganisationRole,
  Place,
  Power,
  Project,
  ProjectRole,
  ProjectUrl,
  Release,
  SharedRole,
  Sharer,
  TokenHolder,
} from "./types.ts";
