# 一份镜像跑 API、消费者、转发、定时器和迁移;命令见 compose.yaml。
FROM python:3.13-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
WORKDIR /app

COPY requirements.lock .
RUN pip install --require-hashes --disable-pip-version-check -r requirements.lock

COPY alembic.ini ./
COPY cards cards
COPY events events
COPY migrations migrations
COPY service service
COPY workers workers

RUN useradd --system --no-create-home hck
USER hck
EXPOSE 8000
CMD ["python", "-m", "service", "serve", "--host", "0.0.0.0", "--port", "8000"]
