"""What reviewers decided and wrote; kept apart from the log because it may name people."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from service.db import Base
from service.sealing import SealedText


class Opinion(Base):
    """One decision at one step: pass, return or reject, with its opinion."""

    __tablename__ = "opinions"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("card_applications.id"), index=True)
    step: Mapped[str]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    decision: Mapped[str]
    opinion: Mapped[str] = mapped_column(SealedText("opinions.opinion"))
    decided_at: Mapped[datetime]
