"""Why a token is refused, and what the counter is shown (card-token.md 7.25)."""

_NO_CODE = "这不是有效的惠才卡二维码,请持卡人打开惠才卡页面重新出示。"
_NOT_OURS = "无法确认此码由山东惠才卡系统签发,请勿提供服务,可核验持卡人身份证件后人工查询。"
_OFF_PROFILE = "此码内容不符合规范,不能使用,请持卡人刷新后重新出示。"

MESSAGES: dict[str, str] = {
    **dict.fromkeys(
        (
            "too-long",
            "bad-characters",
            "bad-prefix",
            "bad-base45",
            "bad-cbor",
            "not-canonical",
            "bad-structure",
            "bad-header",
        ),
        _NO_CODE,
    ),
    **dict.fromkeys(
        ("unknown-key", "bad-algorithm", "bad-signature", "wrong-issuer", "card-unknown"),
        _NOT_OURS,
    ),
    "key-not-valid": "此码的签发密钥已停用,请持卡人刷新后重新出示。",
    "bad-type": "暂不支持此类惠才卡二维码。",
    "type-not-accepted": "印制的二维码只能查询,不能核销,请持卡人出示手机动态码。",
    **dict.fromkeys(("bad-claims", "wrong-audience", "bad-lifetime"), _OFF_PROFILE),
    "not-yet-valid": "此码时间晚于本机时间,请先校准本机时钟再扫一次。",
    "expired": "二维码已过期,请持卡人刷新后重新出示。",
    "status-unknown": "暂时无法确认卡状态,请联网后再试。",
    "card-suspended": "此卡已暂停使用,请持卡人联系服务专员。",
    "card-revoked": "此卡已注销,不能使用。",
    "card-expired": "此卡已过有效期,请持卡人办理续期。",
    "print-withdrawn": "此印制码已被新的代替,请出示新卡或手机动态码。",
    "token-replayed": "此码已使用过,请持卡人刷新后重新出示。",
    "number-not-usable": "未查到可用的卡,请核对卡号,或请持卡人出示手机动态码。",
}

RULES: dict[str, str] = {
    "too-long": "7.1",
    "bad-characters": "7.2",
    "bad-prefix": "7.3",
    "bad-base45": "7.4",
    "bad-cbor": "7.5",
    "not-canonical": "7.6",
    "bad-structure": "7.7",
    "bad-header": "7.8",
    "unknown-key": "7.9",
    "bad-algorithm": "7.10",
    "key-not-valid": "7.11",
    "bad-signature": "7.12",
    "bad-type": "7.13",
    "type-not-accepted": "7.13",
    "bad-claims": "7.14",
    "wrong-issuer": "7.15",
    "wrong-audience": "7.16",
    "bad-lifetime": "7.17",
    "not-yet-valid": "7.18",
    "expired": "7.19",
    "status-unknown": "7.20",
    "card-suspended": "7.20",
    "card-revoked": "7.20",
    "token-replayed": "7.21",
    "card-unknown": "7.22",
    "print-withdrawn": "7.22",
    "card-expired": "7.22",
}
"""The step that gives each reason, in the order in which the steps run."""
