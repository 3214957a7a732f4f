"""Why a proposal refuses: every class is one stable public code."""

from __future__ import annotations

from kro.core.errors import ErrorKind, KroError


class ProposalNotFoundError(KroError):
    """There is no such proposal."""

    kind = ErrorKind.NOT_FOUND
    code = "proposal_not_found"


class BeneficiaryNotFoundError(KroError):
    """There is no such user."""

    kind = ErrorKind.NOT_FOUND
    code = "user_not_found"


class ProposalOpenError(KroError):
    """The same is proposed already; approve or reject that first."""

    code = "proposal_open"


class ProposalDecidedError(KroError):
    """The proposal has been decided already."""

    code = "proposal_decided"


class ProposalMismatchError(KroError):
    """What was approved is not what was proposed; read the proposal again."""

    code = "proposal_mismatch"


class TwoPersonsError(KroError):
    """Whoever proposed something cannot approve it; another person has to."""

    kind = ErrorKind.FORBIDDEN
    code = "two_persons_required"


class OwnBenefitError(KroError):
    """Nobody proposes or approves what changes their own balance."""

    kind = ErrorKind.FORBIDDEN
    code = "own_benefit"
