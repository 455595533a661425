"""家庭成员、同意记录、市级人才卡: for whom a card is good besides its holder, and beside what."""
