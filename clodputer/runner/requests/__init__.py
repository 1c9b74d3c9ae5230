"""What a person does to a request: submit, cancel, retry, put back."""
