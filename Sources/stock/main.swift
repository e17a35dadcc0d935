import ArgumentParser
import Configuration
import Histogram
import ServiceLifecycle

print("x")
