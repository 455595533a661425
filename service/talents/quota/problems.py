"""Why a city cannot name an enterprise, or an enterprise put somebody forward (guide.md 2.2)."""

from service.problems import Problem


class QuotaFull(Problem):
    """The city has named as many enterprises as it may this year."""

    code = "quota-full"
    status = 409
    title = "本年度企业名额已用完"
    advice = "本市本年度可列入的企业数已满;如有未使用的企业,可先移出再列入。"


class QuotaNamed(Problem):
    """The enterprise is on this year's list already."""

    code = "quota-named"
    status = 409
    title = "该企业已在名单中"
    advice = "该企业本年度已列入名单,无需重复操作。"


class QuotaHeld(Problem):
    """Somebody was put forward on the enterprise's place; it cannot be taken off the list."""

    code = "quota-held"
    status = 409
    title = "该企业的名额已使用"
    advice = "该企业已推荐人才,不能移出名单;申请撤回或未通过后名额退回,才可移出。"


class QuotaNotNamed(Problem):
    """The applicant's unit is not on its city's list of this year."""

    code = "quota-not-named"
    status = 409
    title = "单位没有本年度企业名额"
    advice = "您的单位本年度未列入市里的企业名额名单,请改选评审途径,或请单位联系市人社窗口。"


class QuotaTaken(Problem):
    """The enterprise has put forward as many as it may this year."""

    code = "quota-taken"
    status = 409
    title = "单位本年度名额已使用"
    advice = "您的单位本年度名额已用于其他申请,请改选评审途径,或下一年度再申请。"
