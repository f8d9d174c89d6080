"""Lies about who certified, and when: certificates, their SCTs, and timestamps."""

from dataclasses import replace
from datetime import timedelta

from tests.sigstore_stack import rekor, root, tsa
from tests.sigstore_stack.authority import issue, new_authority
from tests.sigstore_stack.bundles import (
    V0_2,
    Signer,
    assembled,
    body,
    enroll,
    message,
    signature_of,
    signed_artifact,
)
from tests.sigstore_stack.certificates import Window
from tests.sigstore_stack.claims import workflow
from tests.sigstore_stack.ctlog import SCT_LIST
from tests.sigstore_stack.encoding import Document
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.keys import p256
from tests.sigstore_stack.scenes import DAY, HOUR, MINUTE, Attack, Forgery, Scene, against, good
from tests.sigstore_stack.stack import Stack
from tests.sigstore_stack.tsa import new_tsa


def certificate_of_another_authority(scene: Scene) -> Forgery:
    return against(scene, signed_artifact(replace(scene.stack, authority=scene.stranger.authority), scene.artifact))


def certificate_by_an_expired_intermediate(scene: Scene) -> Forgery:
    """Trusted by name, but its own time was over."""
    authority = new_authority(scene.stack.clock, intermediate_valid=scene.ended(ago=HOUR))
    stack = replace(scene.stack, authority=authority)
    return Forgery(bundle=signed_artifact(stack, scene.artifact), root=root.trusted_root(stack))


def certificate_by_a_retired_authority(scene: Scene) -> Forgery:
    """Its certificates are good for years, and the root no longer trusts it."""
    forgery = against(scene, good(scene))
    forgery.root["certificateAuthorities"][0]["validFor"] = root.valid_for(scene.ended(ago=DAY))
    return forgery


def certificate_chain_empty(scene: Scene) -> Forgery:
    bundle = signed_artifact(scene.stack, scene.artifact, media_type=V0_2)
    bundle["verificationMaterial"]["x509CertificateChain"]["certificates"] = []
    return against(scene, bundle)


def certificate_of_the_authority_itself(scene: Scene) -> Forgery:
    """Signed with the intermediate's key: it certifies, it does not sign code."""
    authority = scene.stack.authority
    signer = Signer(key=authority.key, certificate=authority.intermediate)
    return against(scene, signed_artifact(scene.stack, scene.artifact, signer=signer))


def sct_missing(scene: Scene) -> Forgery:
    return against(scene, _by_certificate(scene, None))


def sct_of_another_log(scene: Scene) -> Forgery:
    return against(scene, signed_artifact(replace(scene.stack, ctlog=scene.stranger.ctlog), scene.artifact))


def sct_of_another_certificate(scene: Scene) -> Forgery:
    return against(scene, _by_certificate(scene, enroll(scene.stack)))


def sct_of_a_retired_log(scene: Scene) -> Forgery:
    forgery = against(scene, good(scene))
    forgery.root["ctlogs"][0]["publicKey"]["validFor"] = root.valid_for(scene.ended(ago=DAY))
    return forgery


def _by_certificate(scene: Scene, donor: Signer | None) -> Document:
    """Signed by one whose certificate has the SCT of the donor's, or none."""
    key = p256()
    sct = None
    if donor is not None:
        assert donor.certificate is not None
        extension = donor.certificate.extensions.get_extension_for_oid(SCT_LIST)
        sct = extension.value
    certificate = issue(scene.stack.authority, key.public_key(), workflow(), log=None, sct=sct)
    return signed_artifact(scene.stack, scene.artifact, signer=Signer(key=key, certificate=certificate))


def _stamped_by(scene: Scene, stack: Stack) -> Document:
    return signed_artifact(stack, scene.artifact, kind=EntryKind.HASHEDREKORD_2)


def no_time_at_all(scene: Scene) -> Forgery:
    """Rekor v2 promises none, and nobody was asked."""
    return against(scene, good(scene, kind=EntryKind.HASHEDREKORD_2, stamped=False))


def timestamp_of_another_authority(scene: Scene) -> Forgery:
    return against(scene, _stamped_by(scene, replace(scene.stack, tsa=scene.stranger.tsa)))


def timestamp_of_an_expired_certificate(scene: Scene) -> Forgery:
    tired = replace(scene.stack, tsa=new_tsa(scene.stack.clock, valid=scene.ended(ago=HOUR)))
    return Forgery(bundle=_stamped_by(scene, tired), root=root.trusted_root(tired))


def timestamp_of_a_retired_authority(scene: Scene) -> Forgery:
    forgery = against(scene, _stamped_by(scene, scene.stack))
    forgery.root["timestampAuthorities"][0]["validFor"] = root.valid_for(scene.ended(ago=DAY))
    return forgery


def timestamp_of_an_authority_to_come(scene: Scene) -> Forgery:
    forgery = against(scene, _stamped_by(scene, scene.stack))
    forgery.root["timestampAuthorities"][0]["validFor"] = root.valid_for(Window(start=scene.stack.clock.now() + MINUTE))
    return forgery


def timestamp_over_another_signature(scene: Scene) -> Forgery:
    bundle = good(scene, kind=EntryKind.HASHEDREKORD_2)
    other = good(scene, kind=EntryKind.HASHEDREKORD_2)
    stamps = other["verificationMaterial"]["timestampVerificationData"]
    bundle["verificationMaterial"]["timestampVerificationData"] = stamps
    return against(scene, bundle)


def _stamped_at(scene: Scene, by: timedelta) -> Document:
    signer = enroll(scene.stack)
    content = {"messageSignature": message(signer, scene.artifact)}
    entry = rekor.log(scene.stack.rekor_2, body(EntryKind.HASHEDREKORD_2, signer, content, scene.artifact))
    token = tsa.stamp(scene.stack.tsa, signature_of(content), at=scene.stack.clock.now() + by)
    return assembled(signer, content, entries=[entry], tokens=[token])


def timestamp_after_the_certificate(scene: Scene) -> Forgery:
    return against(scene, _stamped_at(scene, HOUR))


def timestamp_before_the_certificate(scene: Scene) -> Forgery:
    return against(scene, _stamped_at(scene, -HOUR))


def timestamp_in_the_future(scene: Scene) -> Forgery:
    """Certificate and token agree, on a time that is yet to come."""
    trusted = root.trusted_root(scene.stack)
    with scene.stack.clock.at(scene.stack.clock.now() + DAY):
        return Forgery(bundle=_stamped_by(scene, scene.stack), root=trusted)


def timestamp_twice(scene: Scene) -> Forgery:
    bundle = good(scene, kind=EntryKind.HASHEDREKORD_2)
    bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"] *= 2
    return against(scene, bundle)


ATTACKS: tuple[Attack, ...] = (
    certificate_of_another_authority,
    certificate_by_an_expired_intermediate,
    certificate_by_a_retired_authority,
    certificate_chain_empty,
    certificate_of_the_authority_itself,
    sct_missing,
    sct_of_another_log,
    sct_of_another_certificate,
    sct_of_a_retired_log,
    no_time_at_all,
    timestamp_of_another_authority,
    timestamp_of_an_expired_certificate,
    timestamp_of_a_retired_authority,
    timestamp_of_an_authority_to_come,
    timestamp_over_another_signature,
    timestamp_after_the_certificate,
    timestamp_before_the_certificate,
    timestamp_in_the_future,
    timestamp_twice,
)
