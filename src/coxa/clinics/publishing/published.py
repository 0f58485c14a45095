"""An audit as it is published, with the proof that no hidden count can be worked out from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from coxa.clinics.audit import Audit
from coxa.clinics.publishing.clinic_codes import clinic_letters, with_letters
from coxa.clinics.publishing.codes import therapist_codes, with_codes
from coxa.clinics.publishing.hide import hidden_audit
from coxa.clinics.publishing.rare import as_earlier, rare_tables
from coxa.clinics.publishing.rounded import rounded_audit
from coxa.clinics.publishing.shown import Shown
from coxa.clinics.publishing.tables import count_tables
from coxa.disclosure.protect import Certificate, Protected, protect_tables


@dataclass(frozen=True, slots=True)
class Published:
    """What others see of an audit.

    audit       : the audit, NaN or empty where something is hidden, therapists under codes, without findings
    certificate : what was attacked, and what the attack found
    found       : severity -> number of findings in the data; what they are is for those whose data they are
    protected   : the counts as they are published, and the true ones; never to be shared
    codes       : clinic and therapist -> code; never to be shared
    letters     : clinic -> letter on the page, empty where clinics have their names; never to be shared

    Examples
    --------
    >>> from coxa.clinics import audit_clinics
    >>> from coxa.simulate import simulate_registry
    >>> from coxa.study import RegistryAssumptions
    >>> registry = simulate_registry(RegistryAssumptions(years=1), seed=1, episodes=900)
    >>> published = publish(audit_clinics(registry.plan, registry.episodes))
    >>> published.certificate.k, published.certificate.narrowest >= 5
    (5, True)
    """

    audit: Audit
    certificate: Certificate
    found: Mapping[str, int]
    protected: Protected = field(repr=False)
    codes: Mapping[tuple[str, str], str] = field(repr=False)
    letters: Mapping[str, str] = field(default_factory=dict, repr=False)

    def note(self) -> str:
        """Say why a number is not shown."""
        k = self.certificate.k
        return (
            f"Not shown (*): a count from 1 to {k - 1}, a group of fewer than {k} patients, or a number from which one "
            "of these could be worked out."
        )


def publish(audit: Audit, *, earlier: Sequence[Protected] = ()) -> Published:
    """Return what of an audit can be published: small counts hidden, and proved to stay so.

    Parameters
    ----------
    audit
        With true numbers.
    earlier
        What was published before of some of the same episodes, so that no difference gives a patient away.

    Returns
    -------
    Published

    Raises
    ------
    CoxaError
        No choice of hidden counts is proved to be enough.

    Notes
    -----
    All counts of the audit are one publication (`coxa.audit.protect_tables`). A mean, a share, a limit or a position is
    hidden where its number of people is, control charts are made anew from the points that are shown, and no number has
    more digits than the page shows.

    Examples
    --------
    >>> from coxa.clinics import audit_clinics
    >>> from coxa.simulate import simulate_registry
    >>> from coxa.study import RegistryAssumptions
    >>> registry = simulate_registry(RegistryAssumptions(years=1), seed=1, episodes=900)
    >>> audit = audit_clinics(registry.plan, registry.episodes)
    >>> hidden = publish(audit).audit.completeness.counts["clinic", "therapist"]["of_done"].isna()
    >>> bool(hidden.any()), bool(hidden.all())
    (True, False)
    """
    cells = audit.plan.small_cells
    audit = as_earlier(audit, earlier)
    tables = [*count_tables(audit, cells.k), *rare_tables(audit)]
    protected = protect_tables(
        tables, cells.k, earlier=earlier, zeros_disclose=cells.zeros_disclose, round_to=cells.round_to
    )
    secret = _secret(audit)
    letters = clinic_letters(audit, secret)
    codes = therapist_codes(audit, secret, letters)
    found: dict[str, int] = {}
    for finding in audit.findings:
        found[finding.severity] = found.get(finding.severity, 0) + finding.n_rows
    shown = rounded_audit(hidden_audit(audit, Shown.of(protected), cells.k))
    named = replace(with_letters(with_codes(shown, codes), letters), fingerprint="")
    return Published(named, protected.certificate, found, protected, codes, letters)


def _secret(audit: Audit) -> str:
    """Return what only those know who have the data: hashes of plan and files are published, the rest is not."""
    parts = [source.sha256 for source in audit.sources]
    origin = audit.plan.origin
    parts += [origin.sha256 if origin else audit.plan.audit, audit.fingerprint]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
