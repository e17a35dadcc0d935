"""Tests of what computes and judges here; cheap enough for every lint."""
