"""The operator, the organizations it serves and the people who work there."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from tachiai.accounts import route_models  # noqa: F401  # rows of this room as well, which is all that Django asks
from tachiai.accounts.languages import Language


class HouseIdentity(models.Model):
    """Which house this database belongs to: one row. Its twin lies beside the keys (``keys/house.id``); see ``identity.py``."""

    only = models.PositiveSmallIntegerField(primary_key=True, default=1)
    house = models.UUIDField(default=uuid.uuid4)
    bound = models.BooleanField(default=False, help_text="The twin was written; where it is missing now, these are not its keys.")
    is_copy = models.BooleanField(default=False, help_text="A copy for trials: it never uses a key of production, nor mails anybody.")
    held_why = models.CharField(max_length=60, blank=True)
    held_since = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True, help_text="When a restored house was last allowed to act.")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(only=1), name="house_identity_once")]

    def __str__(self) -> str:
        return str(self.house)


class Operator(models.Model):
    """運営者: whose certificate seals. Its own row, never an organization (it may serve many)."""

    name = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=300, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    mail = models.EmailField(blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Organization(models.Model):
    """差出側: a municipality or company that sends envelopes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    operator = models.ForeignKey(Operator, on_delete=models.PROTECT, related_name="organizations")
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200, blank=True)
    department = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    mail = models.EmailField(blank=True)
    number_prefix = models.CharField(max_length=12, help_text="The first part of control numbers (管理番号).")
    last_number = models.PositiveIntegerField(default=0, help_text="Counts up only: a control number is never used twice.")
    is_operator = models.BooleanField(default=False, help_text="The operator is itself a party to this organization's contracts.")
    sender_may_sign = models.BooleanField(default=False, help_text="Policy: the sender of an envelope may be its own signer.")
    reminds = models.BooleanField(default=True, help_text="Policy: whoever has not signed is reminded by the clock before the deadline.")
    requires_second_factor = models.BooleanField(default=False, help_text="Policy: the desk opens only to a login with a second factor.")
    staff_may_download = models.BooleanField(default=True, help_text="Policy: 担当者 may take files of their own envelopes away.")
    approver_label = models.CharField(max_length=20, blank=True, help_text="What 承認者 of an envelope are called; empty: 承認者.")
    approver_label_en = models.CharField(max_length=40, blank=True)
    item_rules = models.JSONField(default=dict, help_text="文書情報: items required, and items usually shown.")
    requires_route = models.BooleanField(default=False, help_text="Policy: nothing is sent that was not approved along a route.")
    default_route = models.ForeignKey(
        "accounts.ApprovalRoute", on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Chosen beforehand."
    )
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @property
    def approver_words(self) -> tuple[str, str]:
        """What who approves without signing is called here, in Japanese and in English."""
        return self.approver_label or "承認者", self.approver_label_en or "Approver"


class Role(models.TextChoices):
    """What a member may do at the desk; the rights of each are in ``envelopes/access.py``."""

    ADMIN = "admin", "全体管理者"
    MANAGER = "manager", "文書管理者"
    STAFF = "staff", "担当者"
    AUDITOR = "auditor", "監査担当"
    SYSTEM = "system", "システム管理者"


class MemberManager(BaseUserManager["Member"]):
    """Finds members by their mail address, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> Member:
        return self.get(mail__iexact=username)


class Member(AbstractBaseUser):
    """職員: a person of an organization who logs in at the desk."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="members")
    mail = models.EmailField(unique=True)
    name = models.CharField(max_length=100)
    title = models.CharField(max_length=100, blank=True)
    department = models.CharField(max_length=100, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=2, choices=Language.choices, default=Language.JA)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.STAFF)
    may_sign = models.BooleanField(default=False, help_text="署名権限: may sign for the organization.")
    may_approve = models.BooleanField(default=False, help_text="承認権限: may approve registrations and envelopes.")
    reads_from = models.DateField(null=True, blank=True, help_text="監査担当: the first day (Japan) on which anything is shown.")
    reads_until = models.DateField(null=True, blank=True, help_text="監査担当: the last such day.")
    is_active = models.BooleanField(default=True)
    session_epoch = models.PositiveIntegerField(default=0, help_text="Part of every session's hash: counting up ends them all.")
    invited_until = models.DateTimeField(null=True, blank=True, help_text="Until when the invitation can be taken up; NULL: none is open.")
    invitation_digest = models.BinaryField(max_length=32, null=True, unique=True, help_text="SHA-256 of the invitation's token.")
    invitation_generation = models.PositiveIntegerField(default=0, help_text="Counts up with each invitation, which ends the one before.")
    created_at = models.DateTimeField()

    USERNAME_FIELD = "mail"
    EMAIL_FIELD = "mail"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[MemberManager] = MemberManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("mail"), name="member_mail_once")]

    def __str__(self) -> str:
        return f"{self.name} <{self.mail}>"

    @property
    def email(self) -> str:
        """The login library's name for the address."""
        return self.mail

    def has_perm(self, perm: str, obj: Any = None) -> bool:  # Django's signature
        """Rights are decided in ``access.py`` from the role; Django's permission tables are not used."""
        return False

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must carry to be this member's: it changes with the password, as Django's own, and with ``session_epoch``."""
        salt = "tachiai.accounts.session"
        return salted_hmac(salt, f"{self.session_epoch}:{self.password}", secret=secret, algorithm="sha256").hexdigest()


class KnownBrowser(models.Model):
    """A browser from which a member has logged in, as a digest that tells only whether it is the same again."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="browsers")
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "digest"], name="browser_once")]

    def __str__(self) -> str:
        return f"browser of {self.member_id}"


class Folder(models.Model):
    """フォルダ: where an envelope and its record are kept, and by that which managers see them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="folders")
    name = models.CharField(max_length=60)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("organization", Lower("name"), name="folder_name_once")]

    def __str__(self) -> str:
        return self.name


class Group(models.Model):
    """グループ: members who share folders. What its members draft goes into ``folder``, if there is one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="groups")
    name = models.CharField(max_length=60)
    folder = models.ForeignKey(Folder, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("organization", Lower("name"), name="group_name_once")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A member belongs to a group."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="memberships")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="memberships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "member"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.member_id} in {self.group_id}"


class FolderGroup(models.Model):
    """A folder is open to a group."""

    folder = models.ForeignKey(Folder, on_delete=models.PROTECT, related_name="openings")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="openings")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["folder", "group"], name="folder_group_once")]

    def __str__(self) -> str:
        return f"{self.folder_id} for {self.group_id}"


class Sharing(models.Model):
    """関係者: a single member may read one envelope and its record. ``subject`` is the envelope, by id alone."""

    subject = models.UUIDField()
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="sharings")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subject", "member"], name="sharing_once")]
        indexes = [models.Index(fields=["member", "subject"], name="sharing_of_member")]

    def __str__(self) -> str:
        return f"{self.subject} with {self.member_id}"
