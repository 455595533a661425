"""Simulated 办理单位 for the local set-up: they know the public interface and nothing else."""
