"""Every error this library raises, by what the reader must do next.

::

    SupplyChainError                      one root: catch this
    ├── InputError            exit 3      the bytes given cannot be judged: fetch or make them again
    │   ├── MalformedDocument             a document breaks its format
    │   ├── LimitExceeded                 more bytes, depth or items than we agree to read
    │   ├── UnsupportedType               a type, version or format nobody here can judge
    │   ├── UnsupportedAlgorithm          a digest or key algorithm that proves nothing
    │   ├── UnsafePath                    a path that is no plain file, or leaves its folder
    │   ├── UnsafeArchive                 an archive that lies about its members
    │   ├── Unreadable                    the operating system would not give us the bytes
    │   └── VersionUnparsable             a version string no scheme accepts
    ├── EvidenceError         exit 3      what is needed to decide is not there: supply it
    │   ├── EvidenceMissing               nothing found
    │   ├── EvidenceIncomplete            something found, but not all of it
    │   ├── TrustRootExpired              the root of trust is out of date
    │   ├── StaleDatabase                 a snapshot is too old
    │   └── RollbackDetected              older than what was seen before
    ├── VerificationError     exit 1      the check ran and said no: do not use the artifact
    │   ├── SignatureInvalid  IdentityMismatch  SubjectMismatch  PredicateMismatch
    │   ├── LogEntryMismatch  TimestampInvalid  ThresholdNotMet
    │   ├── ArtifactChanged               the bytes changed while we worked
    │   ├── AssetSetMismatch              the files are not the declared set
    │   ├── EvidenceRevoked  LedgerTampered
    │   ├── SecondOpinionDiffers          another verifier refuses what ours accepts
    │   └── PermitRefused                 no permit for these bytes: nothing is published
    ├── PolicyError           exit 2      the policy or its files are wrong: correct them
    │   └── PolicyInvalid
    ├── UsageError            exit 2      the call is wrong: correct it
    │   ├── KeyUnusable                   a key file that cannot be opened or used
    │   └── ExtraMissing                  an optional dependency is not installed
    ├── StoreError            exit 3      a destination could not be read or written
    │   └── DestinationConflict           other bytes are already published under this name
    ├── NetworkError          exit 3
    │   └── NetworkRefused                an address we do not talk to
    └── CommandFailed         exit 1      the build step itself failed

The exit codes are those of the command line: 1 is a judgement, 2 is found before work starts,
3 means that nothing was judged. Anything that is not a ``SupplyChainError`` is a bug (exit 4).

>>> raise_for = MalformedDocument("expected an object", where="a.json: subject[0]", hint="write it again")
>>> raise_for.code, raise_for.exit_code, str(raise_for)
('MalformedDocument', 3, 'a.json: subject[0]: expected an object')
"""

from collections.abc import Sequence
from typing import ClassVar


class SupplyChainError(Exception):
    """The root of every error raised on purpose: a code (the class name), an exit code and a hint."""

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        """``message``: expected and found; ``where``: the file and the path inside it; ``hint``: what to do next."""
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    @property
    def code(self) -> str:
        """The name that programs match on; it never changes meaning."""
        return type(self).__name__

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class InputError(SupplyChainError):
    """The bytes given cannot be judged."""


class MalformedDocument(InputError):
    """A document that breaks its format."""


class LimitExceeded(InputError):
    """More bytes, depth, items or time than we agree to spend on foreign input."""


class UnsupportedType(InputError):
    """A type, version or format that nobody here can judge; never treated as harmless."""


class UnsupportedAlgorithm(InputError):
    """A digest or key algorithm that proves nothing, or that we do not know."""


class UnsafePath(InputError):
    """A path that is no plain file, or that would leave the folder it belongs to."""


class UnsafeArchive(InputError):
    """An archive whose headers lie, overlap or reach outside it."""


class Unreadable(InputError):
    """The operating system would not give us the bytes."""


class VersionUnparsable(InputError):
    """A version string that no known scheme accepts; it becomes an UNKNOWN finding, never a clean one."""


class EvidenceError(SupplyChainError):
    """What is needed to decide is not there."""


class EvidenceMissing(EvidenceError):
    """No evidence of the wanted kind was found."""


class EvidenceIncomplete(EvidenceError):
    """Evidence was found, but it does not cover what it must."""


class TrustRootExpired(EvidenceError):
    """The root of trust, or a certificate in its chain, is out of date."""


class StaleDatabase(EvidenceError):
    """A reference snapshot is older than the policy allows, or not the one it names."""


class RollbackDetected(EvidenceError):
    """A root or policy older than the newest one seen."""


class VerificationError(SupplyChainError):
    """A check was completed and said no."""

    exit_code = 1


class SignatureInvalid(VerificationError):
    """The signature was not made over these bytes by the key or certificate given."""


class IdentityMismatch(VerificationError):
    """Signed, but by nobody the caller named."""


class SubjectMismatch(VerificationError):
    """Signed and trusted, but about another artifact."""


class PredicateMismatch(VerificationError):
    """Signed and trusted, but it states something else than what was asked for."""


class LogEntryMismatch(VerificationError):
    """A transparency log entry that is not about this signature."""


class TimestampInvalid(VerificationError):
    """Signed outside the time in which the signer was trusted."""


class ThresholdNotMet(VerificationError):
    """Fewer distinct signers than demanded."""


class ArtifactChanged(VerificationError):
    """The bytes changed between two looks at them."""


class AssetSetMismatch(VerificationError):
    """The files present are not exactly the declared set."""


class EvidenceRevoked(VerificationError):
    """The evidence was withdrawn by its signer."""


class LedgerTampered(VerificationError):
    """The ledger does not continue from its last checkpoint."""


class SecondOpinionDiffers(VerificationError):
    """Another verifier refuses what ours accepts: nothing is believed until both agree."""


class PermitRefused(VerificationError):
    """No permit is given for these bytes; nothing is published."""


class PolicyError(SupplyChainError):
    """The policy, or a file it names, is wrong; found before any evidence is read."""

    exit_code = 2


class PolicyInvalid(PolicyError):
    """A policy, waiver file or signer that does not say what it must, exactly."""

    def __init__(self, message: str, *, where: str = "", hint: str = "", problems: Sequence[str] = ()) -> None:
        """``problems``: each one with its place, where there are several; the message is all of them."""
        super().__init__(message, where=where, hint=hint)
        self.problems = tuple(problems)


class UsageError(SupplyChainError):
    """The call itself is wrong."""

    exit_code = 2


class KeyUnusable(UsageError):
    """A key file that cannot be opened, decrypted or used for this."""


class ExtraMissing(UsageError):
    """An optional dependency that this verb needs is not installed."""


class StoreError(SupplyChainError):
    """A destination could not be read or written."""


class DestinationConflict(StoreError):
    """Other bytes are already published under this name; they are never overwritten."""


class NetworkError(SupplyChainError):
    """The network did not give an answer."""


class NetworkRefused(NetworkError):
    """An address that evidence named and that we do not talk to."""


class CommandFailed(SupplyChainError):
    """The build step ended with an error, so nothing is attested."""

    exit_code = 1
