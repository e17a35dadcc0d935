import ArgumentParser
import Configuration
import ServiceLifecycle
import Histogram
print("x")
