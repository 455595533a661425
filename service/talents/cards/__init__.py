"""惠才卡: the card and what is done to it in its life."""
