#!/usr/bin/env python3
"""惠才卡的两条命令: run 与 test(及几条管理命令)。只用标准库;其余都装进 .venv。

python3 dev.py run [--port N] [--data DIR] [--empty] [--no-simulator]
python3 dev.py test [pytest 参数]
python3 dev.py check            代码规范、类型、引用方向、数据库结构、依赖审计
python3 dev.py bench            性能比值
python3 dev.py load 表名 文件    载入官员新表
python3 dev.py deadlines 文件    逐行推算时限
python3 dev.py simulate [--months 12 --requests 100000 --seed 7]   在虚拟时钟上按真规则跑一年
python3 dev.py rotate-keys      换密钥并重封个人信息
python3 dev.py card-keys [list|make|switch|retire|revoke]   卡的签发密钥
python3 dev.py audit [list|export|keys|check]   日志的封存:列出、取走一日、公钥、核对
python3 dev.py calendar [show|import]   工作日历:现行、检查并试算一个年度的放假安排
python3 dev.py routing [show|check|replay]   派单规则:现行、检查、用上个月的日志试算
python3 dev.py dead-letters [list|show|retry|drop]   处理不了的事件:列出、细看、重试、跳过
python3 dev.py prove [rebuild]   指标与日志重新数出的逐格比较
python3 dev.py check-legs       每件申请的时间是否首尾相接
python3 dev.py batches [list|rank|check]   批次名额:列出、排序、重算核对
python3 dev.py import-holders 文件 [--apply]   导入持卡人(XLSX、CSV)
python3 dev.py conformance --url 地址 --client 标识   检查办理单位的接收端
"""

import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
NEEDED = (3, 11)
LOCKS = {
    "run": "requirements.lock",
    "dev": "requirements-dev.lock",
    "rivals": "requirements-rivals.lock",
}
LOCAL = (
    "run", "load", "deadlines", "rotate-keys", "card-keys", "audit", "calendar", "routing",
    "dead-letters", "batches", "import-holders", "prove", "check-legs", "simulate",
)  # fmt: skip
PARTS = {  # what tests need beside Python packages: a file that shows it is there, its package
    "/usr/bin/chromium": "chromium",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc": "fonts-noto-cjk",
    "/usr/sbin/rabbitmq-server": "rabbitmq-server",
    "/usr/bin/curl": "curl",
    "/usr/bin/nodejs": "nodejs",
}


def say(text):
    """One line of progress."""
    print("· " + text, flush=True)


def give_up(text):
    """One clear sentence, and a status that is not 0."""
    print("✗ " + text, file=sys.stderr, flush=True)
    sys.exit(1)


def digest(name):
    """What an installation is good for: the lock's content and this Python."""
    with open(os.path.join(ROOT, LOCKS[name]), "rb") as file:
        content = file.read()
    return hashlib.sha256(content + sys.version.encode()).hexdigest()


def marker(name):
    """The file that says which lock is installed."""
    return os.path.join(VENV, ".installed-" + name)


def installed(name):
    """Whether the packages of a lock are there; those of `dev` include those of `run`."""
    for each in {name, "dev"} if name == "run" else {name}:
        try:
            with open(marker(each)) as file:
                if file.read() == digest(each):
                    return True
        except OSError:
            pass
    return False


def make_venv():
    """A virtual environment of this very Python."""
    if os.path.exists(PYTHON):
        asked = [PYTHON, "-c", "import sys; print(sys.version)"]
        known = subprocess.run(asked, capture_output=True, text=True)
        if known.stdout.strip() == sys.version:
            return
        say("Python 版本变了,重建 .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    say("创建虚拟环境 .venv")
    need_ensurepip()
    try:
        done = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True)
    except OSError as wrong:
        give_up("无法创建 .venv: %s。" % wrong)
    if done.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        give_up("无法创建 .venv: %s" % last_line(done.stdout + done.stderr))


def need_ensurepip():
    """Debian keeps pip for virtual environments in a package of its own."""
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        package = "python3.%d-venv" % sys.version_info[1]
        if not apt_install([package]):
            give_up("缺少 %s,请先运行: sudo apt-get install %s" % (package, package))


def install(name):
    """The lock's packages, each checked against its hash."""
    if installed(name):
        return
    if shutil.disk_usage(ROOT).free < 900 * 2**20:
        give_up("磁盘空间不足: 安装依赖需要约 900 MB,请清理后重试。")
    make_venv()
    lock = os.path.join(ROOT, LOCKS[name])
    with open(lock) as file:
        count = sum("==" in line for line in file)
    say("安装依赖(共 %d 个,首次约需一两分钟)" % count)
    command = [
        PYTHON, "-m", "pip", "install", "--require-hashes", "--disable-pip-version-check",
        "--no-input", "--progress-bar", "off", "-r", lock,
    ]  # fmt: skip
    pip = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    seen, tail = 0, []
    for line in pip.stdout:
        tail = (tail + [line.strip()])[-30:]
        if line.startswith("Collecting "):
            seen += 1
            if seen % 10 == 0:
                say("  已取得 %d/%d" % (seen, count))
        elif line.startswith("Installing collected"):
            say("  正在写入 .venv")
    if pip.wait():
        told = [line for line in tail if line.startswith("ERROR")] or tail[-1:]
        if any("No space left" in line for line in tail):
            told = ["磁盘空间不足"]
        give_up("依赖安装失败: %s。请检查网络后重试。" % " ".join(told)[:300])
    with open(marker(name), "w") as file:
        file.write(digest(name))


def apt_install(packages):
    """Install Debian packages where we may; returns whether they are there now."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    say("安装系统组件: " + " ".join(packages))
    quiet = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    environment = dict(os.environ, **quiet)
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends"] + packages,
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        say(last_line(done.stderr))
    return done.returncode == 0


def need_parts():
    """A real browser, Chinese type and a real RabbitMQ; tests never do without."""
    missing = [package for path, package in PARTS.items() if not os.path.exists(path)]
    if missing and not apt_install(missing):
        names = " ".join(missing)
        give_up("测试还需要 %s,请先运行: sudo apt-get install %s" % (names, names))


def over_all_cores():
    """The whole run is shared out by file: every process has a database server of its own."""
    count = min(4, os.cpu_count() or 1)
    return ["-n", str(count), "--dist", "loadfile"] if count > 1 else []


def last_line(text):
    """The last line that says something."""
    lines = text.strip().splitlines()
    return lines[-1] if lines else "原因不明"


def become(*command):
    """Hand this process over, so that Ctrl-C and SIGTERM reach the real one."""
    os.chdir(ROOT)
    os.execv(PYTHON, [PYTHON, *command])


def main(arguments):
    """Prepare what the command needs, then become it."""
    if sys.version_info < NEEDED:
        give_up("需要 Python 3.11 或更高,现在是 %s。" % sys.version.split()[0])
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command == "conformance":
        install("run")
        become("-m", "local.conformance", *rest)
    elif command in LOCAL:
        install("run")
        become("-m", "local", command, *rest)
    elif command == "test":
        install("dev")
        need_parts()
        become("-m", "pytest", *(rest or over_all_cores()))
    elif command in ("check", "bench"):
        install("dev")
        if "rivals" in rest:
            install("rivals")
        become("-m", {"check": "local.checks", "bench": "bench"}[command], *rest)
    else:
        print(__doc__)
        sys.exit(0 if command in ("", "help", "-h", "--help") else 2)


if __name__ == "__main__":
    main(sys.argv[1:])
