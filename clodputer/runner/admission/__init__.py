"""Admission: which slots an exec takes, which runs may begin beside those that go on, and which ones give way."""
