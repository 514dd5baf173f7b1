"""The demo's made-up units, people, teams and words. Any likeness to real ones is by chance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from stdnum.cn import uscc

from qtb.clock import ZONE

STAFF = "演示活动办公室"

GUIDING = ["江城质量工作办公室（演示）", "江城总工会（演示）"]
RECOMMENDERS = ["东区质量协会（演示）", "机电行业协会（演示）", "江城控股集团（演示）", "建设工程行业协会（演示）"]

APPLICANTS = [
    "浦江电机有限公司（演示）", "新港精密制造厂（演示）", "海棠物业服务公司（演示）", "银杉医院后勤中心（演示）",
    "远望轨道运维公司（演示）", "白玉兰食品有限公司（演示）", "临江水务第三分公司（演示）", "青竹建筑安装公司（演示）",
    "晨光检测技术公司（演示）", "长汀港口装卸公司（演示）",
]
COMMENTS = (
    "顾客识别清楚，建议补充内部顾客的满意度数据。", "", "指标有两期对比，改进措施已固化为作业标准。",
    "基础管理扎实，班前会和交接班记录完整。", "", "建议说明做法在其他班组的推广情况。",
)  # fmt: skip
UNITS = {
    STAFF: "organiser", **dict.fromkeys(RECOMMENDERS, "recommender"), **dict.fromkeys(GUIDING, "guiding"),
    **dict.fromkeys(APPLICANTS, "applicant"),
}  # fmt: skip

TEAMS = [
    "总装一班", "总装二班", "冲压线班组", "客服中心早班", "设备维保组", "质检三班", "配电运行班", "净水操作班",
    "钢结构安装班", "化验室", "桥吊操作班", "手术室保洁班", "线路检修班", "包装车间甲班", "焊接先锋班", "热处理班",
    "叉车调度班", "精加工五组", "供应室班组", "数控车工班",
]  # fmt: skip

TITLES = [
    "降低总装线返工率", "缩短设备故障停机时间", "提高一次交检合格率", "减少客户投诉重复率", "提升夜班巡检完成率",
    "降低化验误差率", "缩短报修响应时间", "提高焊缝一次合格率", "减少包装破损", "提升新员工上岗合格率",
    "提高仓库账物相符率",  # eleven: no unit has two works of one title in a year
]  # fmt: skip

# What sets the works of one title apart; two works of this year are left alike, to be found.
PLACES = ["一号线", "夜班", "东区", "新品", "外协件", "大修期间", "旺季"]
ALIKE = (27, 38)

# How far each of this year's entries has come: the moves made, the last one by whom.
THIS_YEAR: list[list[str]] = (
    [[]] * 4 + [["register"]] * 9 + [["register", "submit"]] * 10 + [["register", "submit", "return"]] * 3
    + [["register", "submit", "recommend"]] * 8 + [["register", "submit", "decline"]] + [["register", "withdraw"]]
    + [["register", "submit", "defer"]] * 2
)  # fmt: skip

ASKED = "请确认建设后指标的统计期间是否为全年，并说明数据来源。"
ANSWERED = "统计期间为全年，数据来自车间日报，已在附件中说明。"
AMENDMENT = "附件中的申报单位意见未盖章，请补盖后重新上传。"
EXCUSED = "原班组整建制转入，建设期连续计算。"

REGISTRATION: dict[str, Any] = {
    "unit_nature": "STATE", "industry": "C38", "address": "演示路 1 号", "postcode": "200000",
    "products_customers": "本工序的产品交给下道工序和整机顾客，另为兄弟班组提供检验服务。",
    "build_plan": "上半年修订作业标准，下半年开展两项质量改进并在厂内交流。", "trained_people": "6",
    "team_founded": "2016-04", "truth_commit": "on", "privacy_consent": "on", "contact_phone": "021-55550100",
    "team_duty": "负责本岗位的生产、检验与交接，保证交付质量稳定，及时响应下道工序和顾客的需求。",
    "work_content": "按作业标准完成日常操作，做好首件检验、巡检和记录，组织班前会和质量分析会。",
}  # fmt: skip

POSTS = ["组长", "副组长", "检验员", "操作工", "操作工", "维修工"]

METRICS = [
    {"name": "一次交检合格率", "unit": "%", "before": "97.8", "target": "99.2", "actual": "99.4", "period": "全年"},
    {"name": "返工工时", "unit": "小时/月", "before": "186", "target": "120", "actual": "110", "period": "全年"},
    {"name": "顾客投诉", "unit": "起", "before": "5", "target": "0", "actual": "0", "period": "全年"},
]

DECLARATION: dict[str, Any] = {
    "truth_commit": "on", "incidents_any": "none", "national_wish": "yes", "metrics": METRICS,
    "customers_needs": "内部顾客是下道工序，要求准时、无缺陷；外部顾客是整机厂，"
    "要求批次一致、资料齐全。每季度走访并排序。",
    "planning": "用一年分三步建设：打基础、控过程、抓改进；每步有负责人、日期和检查人，月度例会对照计划。",
    "competence": "按岗位技能矩阵安排培训和比武，全年四十八学时，一专多能覆盖率由百分之五十提高到百分之八十三。",
    "distinctive": "“缺陷看板、当班清零”做法简单易学，已在两个兄弟班组推广。",
    "unit_opinion": "材料属实，同意申报。",
    "team_profile": "班组现有成员十二人，平均年龄三十四岁，持证上岗率百分之百，连续三年未发生质量和安全责任事故。",
    "objectives": "质量方针：一次做对，交付放心。"
    "\n目标：一次交检合格率不低于99.2%，顾客投诉为零。\n承诺：当班问题当班清。",
    "basic_mgmt": "建立岗位作业指导书二十一份，班前会“三讲一查”，设备点检、工具定置和交接班记录齐全，每月评比公示。",
    "process_control": "识别关键控制点六处，明确参数、频次和责任人；自检、互检、专检三级把关，异常即停、即报、即改。",
    "improvement": "围绕返工原因运用排列图和因果图开展改进两项，固化标准四条，合理化建议采纳率百分之六十二。",
    "results": "一次交检合格率由97.8%提高到99.4%，返工工时下降41%，全年顾客零投诉，相关做法在两个兄弟班组推广。",
}  # fmt: skip

CATEGORIES = ["MANUFACTURING", "MANUFACTURING", "MARKET_SERVICE", "NONPROFIT_SERVICE", "CONSTRUCTION"]
DISTRICTS = ["PUDONG", "MINHANG", "BAOSHAN", "XUHUI"]


def comment(n: int) -> str:
    """Return what the n-th judge says; now and then nothing."""
    return COMMENTS[n % len(COMMENTS)]


def registration(n: int, unit_name: str, *, recommender: str) -> dict[str, Any]:
    """Return a filled registration: the n-th team's."""
    size = 8 + n % 9
    return {
        **REGISTRATION, "unit_name": unit_name, "uscc": _uscc(APPLICANTS.index(unit_name)), "members": _members(size),
        "category": CATEGORIES[n % 5], "district": DISTRICTS[n % 4], "recommender": recommender,
        "team_name": TEAMS[(n * 7 + n // 20) % len(TEAMS)], "team_size": str(size), "contact_email": "team@example.org",
        "leader_name": f"组长{n + 1:02d}（演示）", "contact_name": "联系人（演示）",
    }  # fmt: skip


def title(n: int) -> str:
    """Return the title of the n-th work's achievement."""
    n = ALIKE[0] if n in ALIKE else n
    return f"{PLACES[n // len(TITLES) % len(PLACES)]}{TITLES[n % len(TITLES)]}"


def declaration(n: int, now: datetime) -> dict[str, Any]:
    """Return a filled declaration of a build activity that ended last year."""
    return {
        **DECLARATION, "title": title(n), "share_consent": ["full", "abstract", "none"][n % 3],
        "build_from": f"{now.year - 1}-01", "build_to": f"{now.year - 1}-12", "unit_opinion_on": f"{now:%Y-%m-%d}",
    }  # fmt: skip


def declarations(n: int, now: datetime) -> Iterator[dict[str, Any]]:
    """Yield the versions in which a declaration is saved: every third team thinks it over once."""
    final = declaration(n, now)
    if n % 3 == 1:
        rough = {"objectives": f"{final['objectives'][:12]}。", "metrics": final["metrics"][:-1], "distinctive": ""}
        yield {**final, **rough}
    yield final


def _members(n: int) -> list[dict[str, str]]:
    posts = POSTS * n
    return [
        {"name": f"组员{k:02d}（演示）", "sex": "FM"[k % 2], "age": str(24 + k * 3 % 30), "post": posts[k]}
        for k in range(1, n + 1)
    ]


def _uscc(n: int) -> str:
    """Return a code that checks, of a unit there is not: zeros but for the last digits."""
    body = f"9131{n:013d}"
    return body + str(uscc.calc_check_digit(body))


def experience(n: int, now: datetime) -> dict[str, Any]:
    """Return a recommending unit's complete form for a work."""
    return {
        "experience_title": f"{title(n)}的经验",
        "contact": "演示联系人", "contact_phone": "021-55550200",
        "keywords": [{"word": word} for word in ("缺陷看板", "当班清零", "首件检验")],
        "background": "工序缺陷反复出现，交接不清，返工占用工时，顾客意见集中在批次一致性。",
        "practice": "把缺陷上墙，当班分析、当班改正、次日复核；每周评一次，标准随改随修，新人按图学。",
        "effect": "一次交检合格率由 97.8% 提高到 99.4%，返工工时每月减少 76 小时。",
        "replicability": "做法简单、投入小，适合装配、检验、服务等有交接的班组。",
        "reason": "数据真实、做法可复制，班组人人参与。", "opinion": "经初审，同意推荐。",
        "first_review_score": f"{78 + n * 7 % 20}.{n % 10}0", "certified_reviewers": "1",
        "stamp_date": f"{now:%Y-%m-%d}",
        "first_reviewers": [{"name": "演示初审人", "certificate": "演示证书 001"}],
    }  # fmt: skip


# What the demo fills in of a work, by form: each save in turn.
FILLED: dict[str, Callable[[int, datetime], Iterable[dict[str, Any]]]] = {
    "declaration": declarations,
    "experience": lambda n, now: [experience(n, now)],
}


def dated(n: int, moves: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the days on which this year's n-th entry was made ("" for that) and made its moves."""
    begun = datetime(2024, 2, 20, tzinfo=ZONE) + timedelta(days=2 * n)
    yield f"{begun:%Y-%m-%d}", ""
    for number, move in enumerate(moves):
        day = datetime(2024, 5, 4 + n % 6 + 5 * (number - 1), tzinfo=ZONE) if number else begun
        if number == 1 and n % 8 == 7:  # handed in early: the recommender stays silent for too long
            day = begun + timedelta(days=1)
        yield f"{day:%Y-%m-%d}", move


def at(day: str) -> datetime:
    """Return half past nine on a day."""
    return datetime.fromisoformat(f"{day}T09:30").replace(tzinfo=ZONE)
